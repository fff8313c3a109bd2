using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Tool.Items;

namespace Ann.Tool.Bulk;

/// <summary>How many items are taken together. The same items give the same blocks from any of their borders on.</summary>
/// <param name="Rows">Items at most.</param>
/// <param name="Chars">Characters of their texts at most, but for the last one.</param>
internal sealed record BlockLimits(int Rows, int Chars)
{
    private const int MaxRows = 16_384;
    private const int VectorBytes = 16 << 20;
    private const int UsualChars = 8 << 20;

    /// <summary>
    /// What bounds the memory of a run: 16 MiB of vectors and as many of texts, and no more than 16,384 rows; at least one slice.
    /// </summary>
    public static BlockLimits Of(int dimension) =>
        new(Math.Clamp(VectorBytes / (sizeof(float) * dimension), ItemBlock.SliceRows, MaxRows), UsualChars);
}

/// <summary>Items that are encoded together, and their vectors when they are.</summary>
internal sealed class ItemBlock : IDisposable
{
    /// <summary>Texts that go to an encoder at once.</summary>
    public const int SliceRows = 1024;

    private readonly ManualResetEventSlim _encoded = new();
    private float[] _vectors = [];
    private int _slicesLeft;

    /// <summary>Texts, in the order of the input.</summary>
    public required IReadOnlyList<string> Texts { get; init; }

    /// <summary>Their keys.</summary>
    public required KeyColumn Keys { get; init; }

    /// <summary>Their attributes; null for none.</summary>
    public required AttributeBatch? Attributes { get; init; }

    /// <summary>Items of the input up to the end of this block, those that were left out too.</summary>
    public required long ItemsRead { get; init; }

    /// <summary>Hash of all that was read up to the end of this block.</summary>
    public required UInt128 Hash { get; init; }

    /// <summary>Items left out so far, in all blocks.</summary>
    public required long LeftOut { get; init; }

    /// <summary>The rows of the texts, longest text first, in parts for an encoder each. Makes room for the vectors.</summary>
    public IReadOnlyList<ArraySegment<int>> Slices(int dimension)
    {
        _vectors = ArrayPool<float>.Shared.Rent(Texts.Count * dimension);
        int[] order = new int[Texts.Count];
        long[] keys = new long[Texts.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
            keys[i] = ((long)(int.MaxValue - Texts[i].Length) << 32) | (uint)i; // like lengths together: little padding
        }
        Array.Sort(keys, order);
        List<ArraySegment<int>> slices = [];
        for (int first = 0; first < order.Length; first += SliceRows)
            slices.Add(new ArraySegment<int>(order, first, Math.Min(SliceRows, order.Length - first)));
        _slicesLeft = slices.Count;
        if (slices.Count == 0)
            _encoded.Set();
        return slices;
    }

    /// <summary>Puts the vectors of a slice to their places. Slices may come from any threads.</summary>
    public void Put(ReadOnlySpan<int> slice, ReadOnlySpan<float> vectors, int dimension)
    {
        for (int i = 0; i < slice.Length; i++)
            vectors.Slice(i * dimension, dimension).CopyTo(_vectors.AsSpan(slice[i] * dimension));
        if (Interlocked.Decrement(ref _slicesLeft) == 0)
            _encoded.Set();
    }

    /// <summary>Waits for all slices.</summary>
    /// <returns>The vectors, row-major, in the order of the texts.</returns>
    public ReadOnlySpan<float> WaitForVectors(int dimension, CancellationToken cancellation)
    {
        _encoded.Wait(cancellation);
        return _vectors.AsSpan(0, Texts.Count * dimension);
    }

    /// <summary>Gives the room of the vectors back. Call it when nobody encodes slices of it any more.</summary>
    public void Dispose()
    {
        _encoded.Dispose();
        if (_vectors.Length > 0)
            ArrayPool<float>.Shared.Return(_vectors);
        _vectors = [];
    }
}

/// <summary>A hash over items: it tells whether an input begins as it did before.</summary>
internal sealed class ItemHash
{
    private readonly XxHash128 _hash = new();

    /// <summary>The hash of what was added.</summary>
    public UInt128 Current => _hash.GetCurrentHashAsUInt128();

    /// <summary>The hash of a key.</summary>
    public static UInt128 Of(in ItemKey key) => key.Kind == KeyKind.UInt64
        ? XxHash128.HashToUInt128(MemoryMarshal.AsBytes<ulong>([key.Number]))
        : XxHash128.HashToUInt128(key.Utf8);

    /// <summary>Adds an item without its attributes.</summary>
    public void Add(ItemReader item)
    {
        Add(item.KeyText);
        Add(item.Text);
    }

    /// <summary>Adds attributes.</summary>
    public void Add(AttributeBatch attributes)
    {
        foreach (AttributeColumn column in attributes.Columns)
        {
            for (int item = 0; item < column.Count; item++)
            {
                AddNumber(column.Has(item) ? 1 + column.TextCount(item) : 0);
                if (!column.Field.Traits.HasText)
                    AddNumber(column.Int64At(item));
                for (int i = 0; i < column.TextCount(item); i++)
                {
                    AddNumber(column.TextAt(item, i).Length);
                    _hash.Append(column.TextAt(item, i));
                }
            }
        }
    }

    private void Add(string text)
    {
        AddNumber(text.Length);
        _hash.Append(MemoryMarshal.AsBytes(text.AsSpan()));
    }

    private void AddNumber(long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        _hash.Append(bytes);
    }
}
