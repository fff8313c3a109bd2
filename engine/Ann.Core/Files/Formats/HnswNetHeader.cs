using System.Buffers.Binary;

namespace Ann.Core.Files.Formats;

/// <summary>
/// The head of an index file of Hnsw.Net, format version 4, which <c>HnswIndex.Save</c> of its releases 0.1.3 to 0.1.5 writes: whole
/// numbers of four bytes, little-endian, and a flag. The vectors follow, then the nodes (<see cref="HnswNetNodes"/>).
/// </summary>
internal sealed record HnswNetHeader
{
    /// <summary>Bytes of the header.</summary>
    public const int SizeInBytes = 41;

    /// <summary>The version that is read.</summary>
    public const int Version = 4;

    private const uint Magic = 0x31575348; // HSW1
    private const uint CollectionMagic = 0x44564E48; // HNVD

    private static readonly string[] Metrics = ["cosine", "l2", "ip"];

    /// <summary>Components of a vector, 1 to <see cref="RowLayout.MaxColumns"/>.</summary>
    public required int Dimension { get; init; }

    /// <summary>How nearness is measured. Vectors of cosine are stored with unit length.</summary>
    public required Metric Metric { get; init; }

    /// <summary>Neighbours of a node on upper levels, 2 or more.</summary>
    public required int M { get; init; }

    /// <summary>Beam width of its builds, <see cref="M"/> or more.</summary>
    public required int EfConstruction { get; init; }

    /// <summary>Beam width of its searches. Any number: searches there widen it to k.</summary>
    public required int Ef { get; init; }

    /// <summary>Highest level of a node; −1 where there is none.</summary>
    public required int MaxLevel { get; init; }

    /// <summary>Nodes, deleted ones too.</summary>
    public required int Count { get; init; }

    /// <summary>Bytes of a vector.</summary>
    public int RowSizeInBytes => Dimension * sizeof(float);

    /// <summary>Where the nodes begin, in bytes.</summary>
    public long NodesOffset => SizeInBytes + (long)Count * RowSizeInBytes;

    /// <summary>Reads a header, and holds it to the length of the file: that has room for so many vectors and nodes.</summary>
    /// <param name="stream">At its beginning; left behind the header.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="AnnException">InvalidArgument: names the byte, what was expected and what was found.</exception>
    public static HnswNetHeader Read(Stream stream, string path)
    {
        Span<byte> bytes = stackalloc byte[SizeInBytes];
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        Fields fields = new(bytes[..read], path);
        uint magic = (uint)fields.Next("the letters HSW1");
        if (magic == CollectionMagic)
        {
            throw fields.Fault(
                0, "it is a snapshot of a collection of Hnsw.Net's vector store (HNVD); "
                    + "expected an index (HSW1), such as HnswIndex.Save writes.");
        }
        if (magic != Magic)
            throw fields.Fault(0, $"expected an index of Hnsw.Net, which begins with HSW1 ({Magic:x8}); found {magic:x8}.");
        int version = fields.Next("the version");
        if (version != Version)
        {
            string remedy = version is >= 1 and < Version
                ? "load it with Hnsw.Net 0.1.3 or later, and save it again." : "it may be of a later Hnsw.Net.";
            throw fields.Fault(
                4, $"the format has version {version}; version {Version} is read, that of Hnsw.Net 0.1.3 to 0.1.5: {remedy}");
        }

        HnswNetHeader header = new()
        {
            Dimension = fields.Next("the dimension", 1, RowLayout.MaxColumns),
            Metric = MetricTraits.Names.Parse(Metrics[fields.Next("the metric", 0, Metrics.Length - 1)]),
            M = fields.Next("M", 2),
            EfConstruction = fields.Next("efConstruction", 2),
            Ef = fields.Next("ef"),
            MaxLevel = ReadTop(ref fields, out int entryPoint),
            Count = fields.Next("the number of nodes", 0),
        };
        fields.NextFlag("the flag for replacing deleted nodes");
        header.Check(in fields, entryPoint, stream.Length);
        return header;
    }

    private static int ReadTop(ref Fields fields, out int entryPoint)
    {
        entryPoint = fields.Next("the entry point", -1);
        return fields.Next("the highest level", -1);
    }

    private void Check(in Fields fields, int entryPoint, long length)
    {
        if (EfConstruction < M)
            throw fields.Fault(20, $"efConstruction is {EfConstruction}; it must be at least M, which is {M}.");
        if (entryPoint >= Count || (entryPoint < 0) != (Count == 0))
            throw fields.Fault(28, $"the entry point is {entryPoint}; expected one of the {Count} nodes.");
        if (MaxLevel < 0 != (Count == 0))
            throw fields.Fault(32, $"the highest level is {MaxLevel} of {Count} nodes.");

        // At most 2^31 nodes of 2^18 bytes and some: no overflow of a long.
        long least = NodesOffset + (long)Count * HnswNetNodes.LeastSizeInBytes;
        if (length < least)
        {
            throw fields.Fault(
                36, $"{Count} nodes of dimension {Dimension} take {least} bytes at least; the file has {length}.");
        }
    }

    /// <summary>The numbers of a header, one after another.</summary>
    private ref struct Fields(ReadOnlySpan<byte> bytes, string path)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private int _position;

        public readonly AnnException Fault(int at, string what) => AnnException.BadInput(path, $"byte {at}", what);

        /// <summary>The next number, within its range.</summary>
        public int Next(string name, int least = int.MinValue, int most = int.MaxValue)
        {
            if (_position + sizeof(int) > _bytes.Length)
                throw Cut(name);
            int value = BinaryPrimitives.ReadInt32LittleEndian(_bytes[_position..]);
            if (value < least || value > most)
            {
                string range = most == int.MaxValue ? $"at least {least}" : $"{least} to {most}";
                throw Fault(_position, $"{name} is {value}; expected {range}.");
            }
            _position += sizeof(int);
            return value;
        }

        /// <summary>The flag at the end.</summary>
        public void NextFlag(string name)
        {
            if (_position >= _bytes.Length)
                throw Cut(name);
            if (_bytes[_position] > 1)
                throw Fault(_position, $"{name} is {_bytes[_position]}; expected 0 or 1.");
            _position++;
        }

        private readonly AnnException Cut(string name) =>
            Fault(_position, $"expected {name}; the file ends after {_bytes.Length} bytes, inside its header of {SizeInBytes}.");
    }
}
