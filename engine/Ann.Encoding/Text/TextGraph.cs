using System.Buffers;
using Ann.Core;
using Ann.Encoding.Descriptions;
using Ann.Encoding.Onnx;
using Ann.Encoding.Tokenizers;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Ann.Encoding.Text;

/// <summary>The inputs and the output of a text model, by role, and one inference over a batch of rows.</summary>
internal sealed class TextGraph
{
    private readonly OnnxSession _session;
    private readonly long _paddingId;
    private readonly string[] _inputNames;
    private readonly Role[] _roles;
    private readonly string[] _outputNames;

    private enum Role
    {
        Ids,
        Mask,
        Types,
        Weights,
    }

    /// <summary>Finds every input and the output.</summary>
    /// <param name="session">The model.</param>
    /// <param name="source">Names of inputs and output, and who is to blame when they do not fit.</param>
    /// <param name="tokenizer">Decides which inputs can be filled.</param>
    /// <exception cref="AnnException">An input is missing, of another type, or nobody's.</exception>
    public TextGraph(OnnxSession session, EncoderDirectory source, ITextTokenizer tokenizer)
    {
        _session = session;
        _paddingId = tokenizer.PaddingId;
        EncoderInputs names = source.Description.Inputs;
        List<(Role Role, string Name, string Field)> wanted = [(Role.Ids, names.Ids ?? (tokenizer.HasWeights ? "token_ids" : "input_ids"), "ids")];
        if (tokenizer.HasWeights)
            wanted.Add((Role.Weights, names.Weights ?? "token_weights", "weights"));
        if (names.Mask is not null || Has("attention_mask"))
            wanted.Add((Role.Mask, names.Mask ?? "attention_mask", "mask"));
        if (names.Types is not null || Has("token_type_ids"))
            wanted.Add((Role.Types, names.Types ?? "token_type_ids", "types"));

        foreach ((Role role, string name, string field) in wanted)
        {
            GraphPort? port = session.Inputs.FirstOrDefault(input => input.Name == name);
            TensorElementType type = role == Role.Weights ? TensorElementType.Float : TensorElementType.Int64;
            if (port is null || port.Type != type || port.Rank != 2)
                throw source.Wrong(
                    "inputs." + field,
                    $"expected a graph input '{name}' {type.ToString().ToLowerInvariant()}[batch,tokens]; found {OnnxSession.List(session.Inputs)}.");
        }
        foreach (GraphPort input in session.Inputs)
            if (!wanted.Exists(role => role.Name == input.Name))
                throw source.Wrong("inputs", $"expected only inputs that a tokenizer can fill; found {input} beside them.");

        _inputNames = [.. wanted.Select(role => role.Name)];
        _roles = [.. wanted.Select(role => role.Role)];
        Output = FindOutput(session, source);
        _outputNames = [Output.Name];
        GraphPort ids = session.Inputs.First(input => input.Name == _inputNames[0]);
        FixedRows = ids.Shape[0];
        FixedTokens = ids.Shape[1];

        bool Has(string name) => session.Inputs.Any(input => input.Name == name);
    }

    /// <summary>The output: a row per text (rank 2) or per token (rank 3).</summary>
    public GraphPort Output { get; }

    /// <summary>Rows that the graph insists on; -1 when it does not.</summary>
    public int FixedRows { get; }

    /// <summary>Tokens per row that the graph insists on; -1 when it does not.</summary>
    public int FixedTokens { get; }

    /// <summary>One inference.</summary>
    /// <param name="tokens">The rows.</param>
    /// <param name="rows">Which of them, at most the graph's fixed number.</param>
    /// <param name="padded">Tokens per row, at least the longest's.</param>
    /// <param name="dimension">Components of a vector.</param>
    /// <param name="output">Receives <see cref="OutputLength"/> floats, one or <paramref name="padded"/> vectors per row.</param>
    public void Run(TokenBuffer tokens, ReadOnlySpan<long> rows, int padded, int dimension, Memory<float> output)
    {
        using Feed feed = new(this, tokens, rows, padded);
        long[] shape = Output.Rank == 2 ? [feed.Rows, dimension] : [feed.Rows, padded, dimension];
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, output, shape);
        _session.Run(_inputNames, feed.Values, _outputNames, [value]);
    }

    /// <summary>The dimension that the model really has.</summary>
    public int ProbeDimension(TokenBuffer tokens, int padded)
    {
        using Feed feed = new(this, tokens, [0], padded);
        return (int)_session.ShapeOf(_inputNames, feed.Values, _outputNames)[^1];
    }

    /// <summary>Floats of an output of so many rows.</summary>
    public int OutputLength(int rows, int padded, int dimension) =>
        checked((FixedRows > 0 ? FixedRows : rows) * (Output.Rank == 2 ? 1 : padded) * dimension);

    private static GraphPort FindOutput(OnnxSession session, EncoderDirectory source)
    {
        string? wanted = source.Description.Output;
        if (wanted is null && session.Outputs.Count > 1)
            wanted = ((string[])["sentence_embedding", "last_hidden_state", "token_embeddings"])
                .FirstOrDefault(usual => session.Outputs.Any(output => output.Name == usual))
                ?? throw source.Wrong("output", $"expected the name of one output; the graph has {OnnxSession.List(session.Outputs)}.");
        GraphPort? found = wanted is null ? session.Outputs[0] : session.Outputs.FirstOrDefault(output => output.Name == wanted);
        if (found is null)
            throw source.Wrong("output", $"expected one of the graph's outputs; found '{wanted}', the graph has {OnnxSession.List(session.Outputs)}.");
        if (found.Type != TensorElementType.Float || found.Rank is not (2 or 3))
            throw source.Wrong("output", $"expected float[batch,dimension] or float[batch,tokens,dimension]; found {found}.");
        return found;
    }

    /// <summary>Input tensors of one inference, in pooled arrays.</summary>
    private sealed class Feed : IDisposable
    {
        private readonly long[] _ids;
        private readonly long[] _mask;
        private readonly long[] _types;
        private readonly float[] _weights;

        public Feed(TextGraph graph, TokenBuffer tokens, ReadOnlySpan<long> rows, int padded)
        {
            Rows = graph.FixedRows > 0 ? graph.FixedRows : rows.Length;
            int cells = Rows * padded;
            _ids = ArrayPool<long>.Shared.Rent(cells);
            _ids.AsSpan(0, cells).Fill(graph._paddingId);
            _mask = Rent<long>(Role.Mask);
            _types = Rent<long>(Role.Types);
            _weights = Rent<float>(Role.Weights);
            for (int i = 0; i < rows.Length; i++)
            {
                int row = (int)rows[i];
                int length = tokens.Length(row);
                tokens.Ids(row).CopyTo(_ids.AsSpan(i * padded));
                if (_mask.Length > 0)
                    _mask.AsSpan(i * padded, length).Fill(1);
                if (_weights.Length > 0)
                    tokens.Weights(row).CopyTo(_weights.AsSpan(i * padded));
            }

            long[] shape = [Rows, padded];
            Values = new OrtValue[graph._roles.Length];
            for (int i = 0; i < Values.Length; i++)
                Values[i] = graph._roles[i] switch
                {
                    Role.Ids => Tensor(_ids),
                    Role.Mask => Tensor(_mask),
                    Role.Types => Tensor(_types),
                    _ => Tensor(_weights),
                };

            T[] Rent<T>(Role role)
            {
                if (!graph._roles.Contains(role))
                    return [];
                T[] array = ArrayPool<T>.Shared.Rent(cells);
                array.AsSpan(0, cells).Clear();
                return array;
            }

            OrtValue Tensor<T>(T[] array)
                where T : unmanaged =>
                OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, array.AsMemory(0, cells), shape);
        }

        /// <summary>Rows of the tensors.</summary>
        public int Rows { get; }

        /// <summary>One per input, in the order of the graph's names.</summary>
        public OrtValue[] Values { get; }

        public void Dispose()
        {
            // The values pin the arrays, so they go first.
            foreach (OrtValue value in Values)
                value.Dispose();
            ArrayPool<long>.Shared.Return(_ids);
            if (_mask.Length > 0)
                ArrayPool<long>.Shared.Return(_mask);
            if (_types.Length > 0)
                ArrayPool<long>.Shared.Return(_types);
            if (_weights.Length > 0)
                ArrayPool<float>.Shared.Return(_weights);
        }
    }
}
