using System.Buffers.Binary;
using Ann.Core;

namespace Ann.Tool.Formats;

/// <summary>
/// The messages of an Arrow file or stream, walked from the first to the last without their bodies: how many rows there are, and that no
/// length is larger than what is there. The library believes lengths, and allocates them.
/// </summary>
internal sealed class ArrowFrames
{
    /// <summary>Bytes of one batch of rows at most.</summary>
    public const long MaxBodyBytes = 1 << 30;

    private const int MaxMetadataBytes = 16 << 20;
    private const int MaxDepth = 8;
    private const int MaxFields = 65_536;
    private const uint Continuation = 0xFFFFFFFF;
    private const byte SchemaMessage = 1, BatchMessage = 3;

    private readonly Stream _stream;
    private readonly string _path;
    private readonly List<long> _firstRows = [];
    private bool _hasSchema;
    private int _fields;

    private ArrowFrames(Stream stream, string path)
    {
        _stream = stream;
        _path = path;
    }

    private static ReadOnlySpan<byte> Magic => "ARROW1"u8;

    /// <summary>Where the first message begins.</summary>
    public long Start { get; private set; }

    /// <summary>Where the messages end.</summary>
    public long End { get; private set; }

    /// <summary>Rows of all batches.</summary>
    public long Rows { get; private set; }

    /// <summary>Walks all messages.</summary>
    /// <param name="stream">Seekable. A file of Arrow, which begins with its name, is a stream with a directory behind it.</param>
    /// <param name="path">What it is called.</param>
    /// <exception cref="AnnException">InvalidArgument: names the file, the byte, and what is wrong.</exception>
    public static ArrowFrames Walk(Stream stream, string path)
    {
        ArrowFrames frames = new(stream, path);
        Span<byte> start = stackalloc byte[Magic.Length];
        stream.Position = 0;
        int read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        bool isFile = read == start.Length && start.SequenceEqual(Magic);
        if (isFile)
        {
            Span<byte> end = stackalloc byte[Magic.Length];
            stream.Position = Math.Max(0, stream.Length - Magic.Length);
            stream.ReadAtLeast(end, end.Length, throwOnEndOfStream: false);
            if (!end.SequenceEqual(Magic))
                throw frames.Fault(stream.Length, "expected ARROW1, with which a file of Arrow ends; it was cut off.");
        }
        frames.Start = isFile ? 8 : 0;
        frames.WalkAll(isFile);
        return frames;
    }

    /// <summary>The batch of a row, from 0.</summary>
    public int BatchOf(long row)
    {
        int at = _firstRows.BinarySearch(row);
        return at >= 0 ? at : ~at - 1;
    }

    private void WalkAll(bool isFile)
    {
        Span<byte> word = stackalloc byte[sizeof(uint)];
        long at = Start;
        while (true)
        {
            long first = at;
            _stream.Position = at;
            int read = _stream.ReadAtLeast(word, word.Length, throwOnEndOfStream: false);
            if (read == 0 && _hasSchema && !isFile)
                break; // a stream may end without telling so
            if (read < word.Length)
                throw Fault(first, "expected a message; it ends here.");
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(word);
            at += sizeof(uint);
            if (length == Continuation)
            {
                if (_stream.ReadAtLeast(word, word.Length, throwOnEndOfStream: false) < word.Length)
                    throw Fault(first, "expected a message; it ends here.");
                length = BinaryPrimitives.ReadUInt32LittleEndian(word);
                at += sizeof(uint);
            }
            if (length == 0)
                break;
            if (length > MaxMetadataBytes || length > _stream.Length - at)
            {
                throw Fault(
                    first, $"the description of a message takes {length} bytes; at most {MaxMetadataBytes} are read, "
                        + $"and {_stream.Length - at} follow.");
            }
            byte[] metadata = new byte[length];
            _stream.ReadExactly(metadata);
            at += length;
            try
            {
                at += Look(metadata, _stream.Length - at);
            }
            catch (InvalidDataException e)
            {
                throw Fault(first, e.Message, e);
            }
        }
        if (!_hasSchema)
            throw Fault(Start, "it holds no schema.");
        if (Rows == 0)
            throw AnnException.BadInput(_path, "", "it holds no rows.");
        End = at;
    }

    /// <returns>Bytes of the body.</returns>
    private long Look(byte[] metadata, long left)
    {
        FlatTable message = FlatTable.Root(metadata);
        byte kind = message.Byte(1);
        long body = message.Int64(3);
        if (body < 0 || body > left)
            throw new InvalidDataException($"a message says that its body takes {body} bytes; {left} follow.");
        if (body > MaxBodyBytes)
            throw new InvalidDataException($"a batch takes {body} bytes; at most {MaxBodyBytes} are read at once. Write smaller batches.");
        if (kind == SchemaMessage != !_hasSchema)
            throw new InvalidDataException(_hasSchema ? "there is a second schema." : "expected a schema first.");
        if (kind == SchemaMessage)
        {
            _hasSchema = true;
            LookAtFields(message.Table(2), 1, MaxDepth);
        }
        else if (kind == BatchMessage)
        {
            LookAtBatch(message.Table(2), body);
        }
        else
        {
            throw new InvalidDataException(
                kind == 2 ? "columns with a dictionary are not read: write their plain values." : $"a message of kind {kind} is not read.");
        }
        return body;
    }

    /// <summary>Holds the tree of columns to a size and a depth: the library goes down it by calling itself.</summary>
    private void LookAtFields(FlatTable owner, int vector, int depth)
    {
        const int Children = 5, Dictionary = 4;
        int count = owner.CountOf(vector);
        _fields += count;
        if (depth == 0 || _fields > MaxFields)
            throw new InvalidDataException($"its columns are nested deeper than {MaxDepth}, or are more than {MaxFields}.");
        for (int i = 0; i < count; i++)
        {
            FlatTable field = owner.TableOf(vector, i);
            if (field.Has(Dictionary))
                throw new InvalidDataException("columns with a dictionary are not read: write their plain values.");
            if (field.Has(Children))
                LookAtFields(field, Children, depth - 1);
        }
    }

    private void LookAtBatch(FlatTable batch, long body)
    {
        const int Pair = 2 * sizeof(long), Compression = 3, BitsInByte = 8;
        if (batch.Has(Compression))
            throw new InvalidDataException("its buffers are compressed, which is not read: write it uncompressed.");
        long rows = batch.Int64(0);
        if (rows < 0 || rows > body)
            throw new InvalidDataException($"a batch says that it has {rows} rows; its body takes {body} bytes.");
        for (ReadOnlySpan<byte> nodes = batch.Structs(1, Pair); nodes.Length > 0; nodes = nodes[Pair..])
        {
            long length = BinaryPrimitives.ReadInt64LittleEndian(nodes);
            long nulls = BinaryPrimitives.ReadInt64LittleEndian(nodes[sizeof(long)..]);
            if (length < 0 || length > Math.Max(rows, body * BitsInByte) || length > int.MaxValue || nulls < -1 || nulls > length)
                throw new InvalidDataException($"a column says that it has {length} values, {nulls} null; the body takes {body} bytes.");
        }
        for (ReadOnlySpan<byte> buffers = batch.Structs(2, Pair); buffers.Length > 0; buffers = buffers[Pair..])
        {
            long offset = BinaryPrimitives.ReadInt64LittleEndian(buffers);
            long length = BinaryPrimitives.ReadInt64LittleEndian(buffers[sizeof(long)..]);
            if (offset < 0 || length < 0 || offset > body - length)
                throw new InvalidDataException($"a buffer takes {length} bytes at {offset}; the body takes {body}.");
        }
        _firstRows.Add(Rows);
        Rows += rows;
    }

    private AnnException Fault(long at, string what, Exception? inner = null) =>
        AnnException.BadInput(_path, $"byte {at}", "it cannot be read as Arrow: " + what, inner);
}
