using Ann.Encoding.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Ann.Encoding.Features;

/// <summary>Rows, as the inputs of one inference.</summary>
internal interface IFeatureFeed
{
    /// <summary>One tensor an input, in the graph's order.</summary>
    /// <param name="memory">Owns them.</param>
    /// <param name="shaped">Rows of the tensors; those behind the last row are zeros.</param>
    OrtValue[] Fill(TensorMemory memory, int shaped);
}

/// <summary>Rows of named fields.</summary>
/// <param name="Fields">How they become tensors.</param>
/// <param name="Rows">All rows of the call.</param>
/// <param name="First">The first of this inference.</param>
/// <param name="Count">Rows of it.</param>
internal readonly record struct FieldFeed(FieldTable Fields, IReadOnlyList<FeatureRow> Rows, int First, int Count) : IFeatureFeed
{
    public OrtValue[] Fill(TensorMemory memory, int shaped) => Fields.Fill(Rows, First, Count, memory, shaped);
}

/// <summary>Equally long rows of one input.</summary>
/// <param name="features">Row-major.</param>
/// <param name="columns">Numbers a row.</param>
/// <param name="input">The input.</param>
internal readonly ref struct MatrixFeed<T>(ReadOnlySpan<T> features, int columns, GraphPort input) : IFeatureFeed
    where T : unmanaged
{
    private readonly ReadOnlySpan<T> _features = features;

    public OrtValue[] Fill(TensorMemory memory, int shaped)
    {
        OrtValue value = memory.Input(input.Type, input.Rank == 1 ? [shaped] : [shaped, columns], out Span<T> cells);
        _features.CopyTo(cells);
        cells[_features.Length..].Clear();
        return [value];
    }
}
