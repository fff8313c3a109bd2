using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ann.Core.Files.Formats;

/// <summary>Vectors of a binary format, converted to float32.</summary>
internal sealed class BinaryVectorReader : VectorReader
{
    private readonly RowStream _rows;

    /// <param name="rows">Owned from here on. Its elements are vectors.</param>
    public BinaryVectorReader(RowStream rows)
    {
        Debug.Assert(rows.Layout.Element.IsVector());
        _rows = rows;
    }

    public override string Path => _rows.Path;

    public override long Count => _rows.Layout.Rows;

    public override int Dimension => _rows.Layout.Columns;

    public override string? Notice => _rows.Layout.Element == ElementType.Float64
        ? $"{Path}: float64 is converted to float32, the precision of the index."
        : null;

    public override int ReadRows(Span<float> destination)
    {
        int wanted = destination.Length / Dimension;
        ArgumentOutOfRangeException.ThrowIfZero(wanted, nameof(destination));
        RowLayout layout = _rows.Layout;
        if (layout is { Element: ElementType.Float32, HasRowPrefix: false })
            return _rows.ReadInto(MemoryMarshal.AsBytes(destination[..(wanted * Dimension)]));

        int done = 0;
        while (done < wanted)
        {
            ReadOnlySpan<byte> stored = _rows.Read(wanted - done);
            if (stored.IsEmpty)
                break;
            int components = stored.Length / layout.Element.SizeInBytes();
            layout.Element.ToFloats(stored, destination.Slice(done * Dimension, components));
            done += components / Dimension;
        }
        return done;
    }

    public override void Dispose() => _rows.Dispose();
}
