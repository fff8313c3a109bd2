using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Keys;

namespace Ann.Tool.Formats;

/// <summary>
/// Writes vectors as HDF5: one contiguous dataset <c>train</c> of float32, as ann-benchmarks has it. Keys and attributes have no room. All
/// that describes it stands before the rows (version 0 of the format, which every reader takes), so that it is written front to back.
/// </summary>
internal sealed class Hdf5VectorWriter : VectorOutput
{
    private const int RootAt = 96, TreeAt = 136, HeapAt = 680, NamesAt = 712, SymbolsAt = 744, DatasetAt = 1072, RowsAt = 2048;
    private const int NamesSize = 32, NameAt = 8, FreeNamesAt = 16;
    private const ulong Nowhere = ulong.MaxValue;

    private readonly AtomicFile _file;

    /// <param name="files">Where to write.</param>
    /// <param name="path">The target.</param>
    /// <param name="shape">What it will hold.</param>
    public Hdf5VectorWriter(IFileSystem files, string path, VectorShape shape)
    {
        if (VectorFormats.Split(path).Dataset is not null)
            throw AnnException.BadInput(path, "", "HDF5 is written to a file of its own, with the dataset train.");
        _file = new AtomicFile(files, path);
        try
        {
            _file.Stream.Write(Head(shape));
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> rows, KeyColumn keys, AttributeBatch? attributes) =>
        _file.Stream.Write(MemoryMarshal.AsBytes(rows));

    /// <inheritdoc/>
    public override void End() => _file.Stream.Flush();

    /// <inheritdoc/>
    public override void Commit() => _file.Commit();

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();

    /// <summary>All that stands before the rows: superblock, root group, its names, and the dataset's header.</summary>
    private static byte[] Head(VectorShape shape)
    {
        ulong size = checked((ulong)shape.Rows * (ulong)shape.Dimension * sizeof(float));
        byte[] head = new byte[RowsAt];
        Fields fields = new(head);
        fields.Bytes([0x89, (byte)'H', (byte)'D', (byte)'F', 0x0D, 0x0A, 0x1A, 0x0A]);
        fields.Bytes([0, 0, 0, 0, 0, sizeof(ulong), sizeof(ulong), 0]); // versions; sizes of offsets and of lengths
        fields.UInt16(4); // half of the entries of a leaf
        fields.UInt16(16); // half of the entries of a tree's node
        fields.UInt32(0);
        fields.UInt64s(0, Nowhere, RowsAt + size, Nowhere); // base, free space, end, driver
        Entry(fields, nameAt: 0, header: RootAt, isGroup: true);

        fields.At = RootAt;
        ObjectHeader(fields, messages: 1, size: 24);
        fields.Message(0x11, 16);
        fields.UInt64s(TreeAt, HeapAt);

        fields.At = TreeAt;
        fields.Bytes("TREE"u8);
        fields.Bytes([0, 0]); // of groups, a leaf
        fields.UInt16(1);
        fields.UInt64s(Nowhere, Nowhere, 0, SymbolsAt, NameAt); // neighbours; names before, the entries, names up to

        fields.At = HeapAt;
        fields.Bytes("HEAP"u8);
        fields.UInt32(0);
        fields.UInt64s(NamesSize, FreeNamesAt, NamesAt);
        fields.At = NamesAt + NameAt;
        fields.Bytes(System.Text.Encoding.ASCII.GetBytes(Hdf5VectorReader.StandardDataset));
        fields.At = NamesAt + FreeNamesAt;
        fields.UInt64s(1, NamesSize - FreeNamesAt); // the last free part; its size

        fields.At = SymbolsAt;
        fields.Bytes("SNOD"u8);
        fields.Bytes([1, 0]);
        fields.UInt16(1);
        Entry(fields, NameAt, DatasetAt, isGroup: false);

        fields.At = DatasetAt;
        ObjectHeader(fields, messages: 4, size: 112);
        fields.Message(0x01, 24);
        fields.Bytes([1, 2, 0, 0, 0, 0, 0, 0]); // two dimensions
        fields.UInt64s((ulong)shape.Rows, (ulong)shape.Dimension);
        fields.Message(0x03, 24);
        fields.Bytes([0x11, 0x20, 0x1F, 0, sizeof(float), 0, 0, 0]); // IEEE 754, little-endian, the sign at bit 31
        fields.Bytes([0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0, 0, 0, 0, 0]);
        fields.Message(0x05, 8);
        fields.Bytes([2, 1, 2, 0, 0, 0, 0, 0]); // no fill value
        fields.Message(0x08, 24);
        fields.Bytes([3, 1]); // contiguous
        fields.UInt64s(RowsAt, size);
        return head;
    }

    /// <summary>An entry of a table of names.</summary>
    private static void Entry(Fields fields, ulong nameAt, ulong header, bool isGroup)
    {
        fields.UInt64s(nameAt, header);
        fields.UInt32(isGroup ? 1u : 0);
        fields.UInt32(0);
        fields.UInt64s(isGroup ? TreeAt : 0ul, isGroup ? HeapAt : 0ul);
    }

    private static void ObjectHeader(Fields fields, ushort messages, uint size)
    {
        fields.Bytes([1, 0]);
        fields.UInt16(messages);
        fields.UInt32(1);
        fields.UInt32(size);
        fields.UInt32(0);
    }

    /// <summary>Fields one after another.</summary>
    private sealed class Fields(byte[] bytes)
    {
        public int At { get; set; }

        public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Next(value.Length));

        public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Next(sizeof(ushort)), value);

        public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Next(sizeof(uint)), value);

        public void UInt64s(params ReadOnlySpan<ulong> values)
        {
            foreach (ulong value in values)
                BinaryPrimitives.WriteUInt64LittleEndian(Next(sizeof(ulong)), value);
        }

        public void Message(ushort kind, ushort size)
        {
            UInt16(kind);
            UInt16(size);
            UInt32(0);
        }

        private Span<byte> Next(int size) => bytes.AsSpan((At += size) - size, size);
    }
}
