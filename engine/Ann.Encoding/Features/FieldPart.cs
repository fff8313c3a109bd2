using System.Diagnostics;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Ann.Encoding.Features;

/// <summary>What of a field goes to an input.</summary>
internal enum FieldPartKind
{
    /// <summary>Its numbers.</summary>
    Numbers,

    /// <summary>Its ids.</summary>
    Ids,

    /// <summary>1 at the members of its list, 0 at padding.</summary>
    Mask,

    /// <summary>How many members its list has.</summary>
    Count,
}

/// <summary>Columns of an input that a field fills.</summary>
/// <param name="Field">The field.</param>
/// <param name="Kind">What of it.</param>
internal sealed record FieldPart(FeatureField Field, FieldPartKind Kind)
{
    /// <summary>How many.</summary>
    public int Columns => Kind == FieldPartKind.Count ? 1 : Field.Columns;

    /// <summary>Types of inputs that it fits.</summary>
    public TensorElementType[] Takes => Kind switch
    {
        FieldPartKind.Numbers => [TensorElementType.Float],
        FieldPartKind.Ids or FieldPartKind.Count => [TensorElementType.Int64, TensorElementType.Int32],
        FieldPartKind.Mask => [TensorElementType.Float, TensorElementType.Int64, TensorElementType.Int32, TensorElementType.Bool],
    };

    /// <summary><see cref="Takes"/>, for messages.</summary>
    public string TakesText => string.Join(" or ", Takes.Select(static type => type.ToString().ToLowerInvariant()));

    /// <summary>Writes a row's ids, mask or count.</summary>
    /// <param name="row">The row.</param>
    /// <param name="number">What messages call it.</param>
    /// <param name="most">Largest id.</param>
    /// <param name="cells">Receives them.</param>
    public void Write(FeatureRow row, int number, long most, Span<long> cells)
    {
        Debug.Assert(Kind != FieldPartKind.Numbers);

        if (Kind == FieldPartKind.Ids)
        {
            Field.WriteIds(row, number, most, cells);
            return;
        }
        int count = Field.CountOf(row, number);
        if (Kind == FieldPartKind.Count)
        {
            cells[0] = count;
            return;
        }
        cells[..count].Fill(1);
        cells[count..].Clear();
    }
}
