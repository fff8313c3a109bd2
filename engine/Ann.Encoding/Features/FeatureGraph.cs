using System.Buffers;
using Ann.Core;
using Ann.Encoding.Descriptions;
using Ann.Encoding.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Ann.Encoding.Features;

/// <summary>The input and the output of a feature model, and one inference over a batch of rows.</summary>
internal sealed class FeatureGraph
{
    private readonly OnnxSession _session;
    private readonly GraphPort _input;
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;

    /// <exception cref="AnnException">The graph is no feature encoder.</exception>
    public FeatureGraph(OnnxSession session, EncoderDirectory source)
    {
        _session = session;
        _input = FindInput(session, source);
        GraphPort output = FindOutput(session, source);
        _inputNames = [_input.Name];
        _outputNames = [output.Name];
        FixedRows = _input.Shape[0];
        Input = new FeatureInput(
            _input.Name,
            _input.Type == TensorElementType.Int64 ? FeatureType.Int64 : FeatureType.Float32,
            _input.Rank == 1 ? 1 : Math.Max(0, _input.Shape[1]));
        Dimension = output.Shape[1] > 0 ? output.Shape[1] : ProbeDimension();
    }

    /// <summary>What the graph reads.</summary>
    public FeatureInput Input { get; }

    /// <summary>The graph's name for its output.</summary>
    public string OutputName => _outputNames[0];

    /// <summary>Components of a row.</summary>
    public int Dimension { get; }

    /// <summary>Rows that the graph insists on; -1 when it does not.</summary>
    public int FixedRows { get; }

    /// <summary>One inference. A graph of a fixed number of rows gets zeros for those that are missing.</summary>
    public void Run<T>(ReadOnlySpan<T> features, int rows, int columns, Span<float> output)
        where T : unmanaged
    {
        int shaped = FixedRows > 0 ? FixedRows : rows;
        T[] values = ArrayPool<T>.Shared.Rent(shaped * columns);
        float[] vectors = ArrayPool<float>.Shared.Rent(shaped * Dimension);
        features.CopyTo(values);
        values.AsSpan(features.Length, shaped * columns - features.Length).Clear();
        using (OrtValue input = Tensor(values, shaped, columns))
        using (OrtValue result = OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance, vectors.AsMemory(0, shaped * Dimension), [shaped, Dimension]))
        {
            _session.Run(_inputNames, [input], _outputNames, [result]);
        }
        vectors.AsSpan(0, output.Length).CopyTo(output);
        ArrayPool<float>.Shared.Return(vectors);
        ArrayPool<T>.Shared.Return(values);
    }

    private OrtValue Tensor<T>(T[] values, int rows, int columns)
        where T : unmanaged =>
        OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance, values.AsMemory(0, rows * columns), _input.Rank == 1 ? [rows] : [rows, columns]);

    /// <summary>Runs one row of zeros, for a model that does not declare how wide its output is.</summary>
    private int ProbeDimension()
    {
        int rows = Math.Max(1, FixedRows), columns = Math.Max(1, Input.Columns);
        using OrtValue input = Input.Type == FeatureType.Int64
            ? Tensor(new long[rows * columns], rows, columns)
            : Tensor(new float[rows * columns], rows, columns);
        return (int)_session.ShapeOf(_inputNames, [input], _outputNames)[^1];
    }

    private static GraphPort FindInput(OnnxSession session, EncoderDirectory source)
    {
        string? wanted = source.Description.Inputs.Features;
        GraphPort? input = session.Inputs.Count == 1 && (wanted is null || session.Inputs[0].Name == wanted) ? session.Inputs[0] : null;
        if (input is null || input.Type is not (TensorElementType.Float or TensorElementType.Int64) || input.Rank is not (1 or 2))
            throw source.Wrong(
                "inputs.features",
                $"expected one input{(wanted is null ? "" : $" '{wanted}'")}, float or int64, of rank 1 or 2; found {OnnxSession.List(session.Inputs)}.");
        return input;
    }

    private static GraphPort FindOutput(OnnxSession session, EncoderDirectory source)
    {
        string? wanted = source.Description.Output;
        GraphPort? output = wanted is null && session.Outputs.Count == 1
            ? session.Outputs[0]
            : session.Outputs.FirstOrDefault(candidate => candidate.Name == wanted);
        if (output is null || output.Type != TensorElementType.Float || output.Rank != 2)
            throw source.Wrong(
                "output",
                $"expected one output{(wanted is null ? "" : $" '{wanted}'")} float[batch,dimension]; found {OnnxSession.List(session.Outputs)}.");
        return output;
    }
}
