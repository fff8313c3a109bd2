using System.Diagnostics;
using System.Runtime.InteropServices;
using Ann.Core.Attributes;

namespace Ann.Core.Segments;

/// <summary>One attribute of a build's rows.</summary>
internal sealed class AttributeRowsColumn(AttributeField attribute)
{
    /// <summary>Bytes handed out at once where they are made for it.</summary>
    private const int PieceBytes = 1 << 20;

    private readonly List<ulong> _present = [];
    private readonly List<ulong> _bools = [];
    private readonly List<long> _numbers = [];
    private readonly List<int> _ordinals = [];
    private readonly GrowingKeywords _texts = new();
    private int _count;
    private int[] _order = [];
    private long[] _textEnds = [];

    /// <summary>How its values are held.</summary>
    public AttributeForm Form { get; } = attribute.Traits.Form;

    /// <summary>Texts of the dictionary.</summary>
    public int KeywordCount => _texts.Count;

    /// <summary>Bytes of the column in the file. After <see cref="Seal"/>.</summary>
    public long SizeInBytes => Parts().Sum(static part => part.Length);

    public void AddMissing()
    {
        Begin(present: false);
        if (Form == AttributeForm.Text)
            _ordinals.Add(-1);
        else if (Form != AttributeForm.Bit)
            _numbers.Add(Form == AttributeForm.TextSet ? _ordinals.Count : 0);
    }

    /// <summary>Adds a number, the bits of a double, or 0 or 1 for a bool.</summary>
    public void AddNumber(long value)
    {
        Debug.Assert(!attribute.Traits.HasText);
        Begin(present: true);
        if (Form == AttributeForm.Bit)
            _bools[^1] |= (ulong)value << (_count - 1);
        else
            _numbers.Add(value);
    }

    public void AddKeyword(ReadOnlySpan<byte> utf8)
    {
        Debug.Assert(Form == AttributeForm.Text);
        Begin(present: true);
        _ordinals.Add(_texts.Add(utf8));
    }

    /// <summary>The ordinal of a text, for <see cref="AddSet"/>.</summary>
    public int OrdinalOf(ReadOnlySpan<byte> utf8) => _texts.Add(utf8);

    /// <summary>Adds a set.</summary>
    /// <param name="ordinals">Each once.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: the sets together are too large.</exception>
    public void AddSet(ReadOnlySpan<int> ordinals)
    {
        Debug.Assert(Form == AttributeForm.TextSet);
        if (ordinals.Length > Array.MaxLength - _ordinals.Count)
        {
            throw AnnException.Invalid(
                "attributes", $"the sets of attribute '{attribute.Name}' hold more than {Array.MaxLength} texts; one file takes no more.");
        }
        Begin(present: true);
        _ordinals.AddRange(ordinals);
        _numbers.Add(_ordinals.Count);
    }

    /// <summary>Numbers the texts in the order of their bytes.</summary>
    public void Seal()
    {
        if (!attribute.Traits.HasText)
            return;
        _order = new int[_texts.Count];
        for (int i = 0; i < _order.Length; i++)
            _order[i] = i;
        _order.AsSpan().Sort((a, b) => _texts.At(a).SequenceCompareTo(_texts.At(b)));

        int[] ranks = new int[_order.Length];
        _textEnds = new long[_order.Length];
        long end = 0;
        for (int rank = 0; rank < _order.Length; rank++)
        {
            ranks[_order[rank]] = rank;
            _textEnds[rank] = end += _texts.At(_order[rank]).Length;
        }

        Span<int> ordinals = CollectionsMarshal.AsSpan(_ordinals);
        foreach (ref int ordinal in ordinals)
            ordinal = ordinal < 0 ? ordinal : ranks[ordinal];
        if (Form != AttributeForm.TextSet)
            return;
        int from = 0;
        foreach (long to in _numbers)
        {
            ordinals[from..(int)to].Sort();
            from = (int)to;
        }
    }

    /// <summary>What the file holds of it, one part after another; parts of no bytes too. After <see cref="Seal"/>.</summary>
    public IEnumerable<(long Length, SegmentWriter.Piece Read)> Parts()
    {
        yield return Part(_present, sizeof(ulong));
        if (Form == AttributeForm.Bit)
            yield return Part(_bools, sizeof(ulong));
        yield return Part(_numbers, sizeof(long));
        yield return Part(_ordinals, sizeof(int));
        long bytes = _ordinals.Count * (long)sizeof(int);
        yield return (AttributeSectionCheck.Align(bytes) - bytes, static offset => new byte[AttributeSectionCheck.Alignment]);
        yield return (_textEnds.Length * (long)sizeof(long), offset => Bytes<long>(_textEnds, offset, sizeof(long)));
        yield return (_textEnds.Length == 0 ? 0 : _textEnds[^1], Text);

        static (long Length, SegmentWriter.Piece Read) Part<T>(List<T> values, int size)
            where T : unmanaged =>
            (values.Count * (long)size, offset => Bytes<T>(CollectionsMarshal.AsSpan(values), offset, size));
    }

    /// <summary>Values from an offset on, which is one of a value: as many as a span of bytes can hold.</summary>
    private static ReadOnlySpan<byte> Bytes<T>(ReadOnlySpan<T> values, long offset, int size)
        where T : unmanaged
    {
        Debug.Assert(offset % size == 0);
        ReadOnlySpan<T> rest = values[(int)(offset / size)..];
        return MemoryMarshal.AsBytes(rest[..Math.Min(rest.Length, PieceBytes / size)]);
    }

    /// <summary>Texts from an offset on, which is where one begins.</summary>
    private ReadOnlySpan<byte> Text(long offset)
    {
        int first = Array.BinarySearch(_textEnds, offset + 1); // only the first of all texts may be empty: the ends ascend
        first = first < 0 ? ~first : first;
        int last = first;
        while (last + 1 < _textEnds.Length && _textEnds[last + 1] - offset <= PieceBytes)
            last++;
        byte[] piece = new byte[_textEnds[last] - offset];
        int place = 0;
        for (int i = first; i <= last; i++)
        {
            ReadOnlySpan<byte> text = _texts.At(_order[i]);
            text.CopyTo(piece.AsSpan(place));
            place += text.Length;
        }
        return piece;
    }

    private void Begin(bool present)
    {
        if (_count % 64 == 0)
        {
            _present.Add(0);
            if (Form == AttributeForm.Bit)
                _bools.Add(0);
        }
        if (present)
            _present[^1] |= 1UL << _count;
        _count++;
    }
}
