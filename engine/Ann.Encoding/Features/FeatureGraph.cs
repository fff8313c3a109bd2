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
    private readonly ModelSessions _sessions;
    private readonly GraphPort? _input;
    private readonly FieldTable? _fields;
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;

    /// <exception cref="AnnException">The graph is no feature encoder.</exception>
    public FeatureGraph(ModelSessions sessions, EncoderDirectory source, FieldTable? fields)
    {
        _sessions = sessions;
        _fields = fields;
        if (fields is null)
        {
            GraphPort input = _input = FindInput(sessions.Current, source);
            _inputNames = [input.Name];
            FixedRows = input.Shape[0];
            Input = new FeatureInput(
                input.Name, input.Type == TensorElementType.Int64 ? FeatureType.Int64 : FeatureType.Float32,
                input.Rank == 1 ? 1 : Math.Max(0, input.Shape[1]));
        }
        else
        {
            _inputNames = fields.InputNames;
            FixedRows = fields.FixedRows;
        }
        GraphPort output = FindOutput(sessions.Current, source);
        _outputNames = [output.Name];
        Dimension = output.Shape[1] > 0 ? output.Shape[1] : ProbeDimension();
    }

    /// <summary>What the graph reads; null where rows have named fields.</summary>
    public FeatureInput? Input { get; }

    /// <summary>The graph's name for its output.</summary>
    public string OutputName => _outputNames[0];

    /// <summary>Components of a row.</summary>
    public int Dimension { get; }

    /// <summary>Rows that the graph insists on; -1 when it does not.</summary>
    public int FixedRows { get; }

    /// <summary>One inference. A graph of a fixed number of rows gets zeros for those that are missing.</summary>
    /// <param name="feed">Fills the inputs.</param>
    /// <param name="rows">Rows, at most the graph's fixed number.</param>
    /// <param name="output">Receives rows × Dimension floats.</param>
    public void Run<TFeed>(in TFeed feed, int rows, Span<float> output)
        where TFeed : IFeatureFeed, allows ref struct
    {
        int shaped = FixedRows > 0 ? FixedRows : rows, length = shaped * Dimension;
        float[] vectors = ArrayPool<float>.Shared.Rent(length);
        for (; ; )
        {
            IModelSession session = _sessions.Current;
            using TensorMemory memory = new(session);
            try
            {
                OrtValue result = memory.Output(TensorElementType.Float, [shaped, Dimension], vectors.AsMemory(0, length));
                session.Run(_inputNames, feed.Fill(memory, shaped), _outputNames, [result]);
                memory.Deliver(result, vectors.AsSpan(0, length));
                break;
            }
            catch (AnnException e)
            {
                if (!_sessions.Replaces(session, e))
                    throw;
            }
        }
        vectors.AsSpan(0, output.Length).CopyTo(output);
        ArrayPool<float>.Shared.Return(vectors);
    }

    /// <summary>Rows of the one input.</summary>
    public MatrixFeed<T> Rows<T>(ReadOnlySpan<T> features, int columns)
        where T : unmanaged => new(features, columns, _input!);

    /// <summary>Runs one row of zeros, for a model that does not declare how wide its output is.</summary>
    private int ProbeDimension()
    {
        int shaped = Math.Max(1, FixedRows), columns = Math.Max(1, Input?.Columns ?? 1);
        using TensorMemory memory = new(_sessions.Current);
        OrtValue[] inputs = _fields is not null ? _fields.Fill([], 0, 0, memory, shaped)
            : Input!.Type == FeatureType.Int64 ? Rows<long>([], columns).Fill(memory, shaped)
            : Rows<float>([], columns).Fill(memory, shaped);
        return (int)_sessions.Current.ShapeOf(_inputNames, inputs, _outputNames)[^1];
    }

    private static GraphPort FindInput(IModelSession session, EncoderDirectory source)
    {
        string? wanted = source.Description.Inputs.Features;
        GraphPort? input = session.Inputs.Count == 1 && (wanted is null || session.Inputs[0].Name == wanted) ? session.Inputs[0] : null;
        if (input is null || input.Type is not (TensorElementType.Float or TensorElementType.Int64) || input.Rank is not (1 or 2))
            throw source.Wrong(
                "inputs.features",
                $"expected one input{(wanted is null ? "" : $" '{wanted}'")}, float or int64, of rank 1 or 2; " +
                $"found {GraphPort.List(session.Inputs)}.");
        return input;
    }

    private static GraphPort FindOutput(IModelSession session, EncoderDirectory source)
    {
        string? wanted = source.Description.Output;
        GraphPort? output = wanted is null && session.Outputs.Count == 1
            ? session.Outputs[0]
            : session.Outputs.FirstOrDefault(candidate => candidate.Name == wanted);
        if (output is null || output.Type != TensorElementType.Float || output.Rank != 2)
            throw source.Wrong(
                "output",
                $"expected one output{(wanted is null ? "" : $" '{wanted}'")} float[batch,dimension]; " +
                $"found {GraphPort.List(session.Outputs)}.");
        return output;
    }
}
