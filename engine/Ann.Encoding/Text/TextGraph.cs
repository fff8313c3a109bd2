using Ann.Core;
using Ann.Encoding.Descriptions;
using Ann.Encoding.Onnx;
using Ann.Encoding.Tokenizers;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Ann.Encoding.Text;

/// <summary>The inputs and the output of a text model, by role, and one inference over a batch of rows.</summary>
internal sealed class TextGraph
{
    private readonly TextInput[] _inputs;
    private readonly long _paddingId;
    private readonly FloatOutput _output;

    /// <summary>Finds every input and the output.</summary>
    /// <param name="session">The model.</param>
    /// <param name="source">Names of inputs and output, and who is to blame when they do not fit.</param>
    /// <param name="tokenizer">Decides which inputs can be filled.</param>
    /// <exception cref="AnnException">An input is missing, of another type, or nobody's.</exception>
    public TextGraph(OnnxSession session, EncoderDirectory source, ITextTokenizer tokenizer)
    {
        _paddingId = tokenizer.PaddingId;
        _inputs = [.. FindInputs(session, source, tokenizer)];
        Output = FindOutput(session, source);
        _output = new FloatOutput(session, [.. _inputs.Select(static input => input.Name)], Output);
        GraphPort ids = session.Inputs.First(input => input.Name == _inputs[0].Name);
        FixedRows = ids.Shape[0];
        FixedTokens = ids.Shape[1];
    }

    /// <summary>The output: a row per text (rank 2) or per token (rank 3).</summary>
    public GraphPort Output { get; }

    /// <summary>The graph's inputs by their parts.</summary>
    public EncoderInputs Inputs => new()
    {
        Ids = NameOf(TextInputRole.Ids),
        Mask = NameOf(TextInputRole.Mask),
        Types = NameOf(TextInputRole.Types),
        Positions = NameOf(TextInputRole.Positions),
        Weights = NameOf(TextInputRole.Weights),
    };

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
        using TextFeed feed = Feed(tokens, rows, padded);
        _output.Run(feed.Values, output, Output.Rank == 2 ? [feed.Rows, dimension] : [feed.Rows, padded, dimension]);
    }

    /// <summary>The dimension that the model really has.</summary>
    /// <exception cref="AnnException">What it gives is not what it declares.</exception>
    public int ProbeDimension(TokenBuffer tokens, int padded, EncoderDirectory source)
    {
        using TextFeed feed = Feed(tokens, [0], padded);
        long[] shape = _output.ProbeShape(feed.Values, what => source.Wrong("output", what));
        return shape[0] == feed.Rows && (shape.Length == 2 || shape[1] == padded)
            ? (int)shape[^1]
            : throw source.Wrong(
                "output", $"expected a row for each of {feed.Rows} texts{(shape.Length == 2 ? "" : $" of {padded} tokens")} of {Output}; " +
                $"found [{string.Join(',', shape)}].");
    }

    /// <summary>Floats of an output of so many rows.</summary>
    public int OutputLength(int rows, int padded, int dimension) =>
        checked((FixedRows > 0 ? FixedRows : rows) * (Output.Rank == 2 ? 1 : padded) * dimension);

    private string? NameOf(TextInputRole role) => Array.Find(_inputs, input => input.Role == role).Name;

    private TextFeed Feed(TokenBuffer tokens, ReadOnlySpan<long> rows, int padded) =>
        new(_inputs, _paddingId, FixedRows > 0 ? FixedRows : rows.Length, padded, tokens, rows);

    private static List<TextInput> FindInputs(OnnxSession session, EncoderDirectory source, ITextTokenizer tokenizer)
    {
        EncoderInputs names = source.Description.Inputs;
        List<(TextInputRole Role, string Name, string Field)> wanted =
            [(TextInputRole.Ids, names.Ids ?? (tokenizer.HasWeights ? "token_ids" : "input_ids"), "ids")];
        if (tokenizer.HasWeights)
            wanted.Add((TextInputRole.Weights, names.Weights ?? "token_weights", "weights"));
        AddWhereThere(TextInputRole.Mask, names.Mask, "attention_mask", "mask");
        AddWhereThere(TextInputRole.Types, names.Types, "token_type_ids", "types");
        AddWhereThere(TextInputRole.Positions, names.Positions, "position_ids", "positions");

        List<TextInput> found = [];
        foreach ((TextInputRole role, string name, string field) in wanted)
        {
            GraphPort? port = session.Inputs.FirstOrDefault(input => input.Name == name);
            bool fits = role == TextInputRole.Weights
                ? port?.Type == TensorElementType.Float
                : port?.Type is TensorElementType.Int64 or TensorElementType.Int32;
            if (port is null || !fits || port.Rank != 2)
                throw source.Wrong(
                    "inputs." + field,
                    $"expected a graph input '{name}' {(role == TextInputRole.Weights ? "float" : "int64 or int32")}[batch,tokens]; " +
                    $"found {OnnxSession.List(session.Inputs)}.");
            found.Add(new TextInput(role, name, port.Type));
        }
        foreach (GraphPort input in session.Inputs)
            if (!wanted.Exists(role => role.Name == input.Name))
                throw source.Wrong("inputs", $"expected only inputs that a tokenizer can fill; found {input} beside them.");
        return found;

        void AddWhereThere(TextInputRole role, string? named, string usual, string field)
        {
            if (named is not null || session.Inputs.Any(input => input.Name == usual))
                wanted.Add((role, named ?? usual, field));
        }
    }

    private static GraphPort FindOutput(OnnxSession session, EncoderDirectory source)
    {
        string? wanted = source.Description.Output;
        if (wanted is null && session.Outputs.Count > 1)
            wanted = ((string[])["sentence_embedding", "last_hidden_state", "token_embeddings"])
                .FirstOrDefault(usual => session.Outputs.Any(output => output.Name == usual))
                ?? throw source.Wrong("output", $"expected the name of one output; the graph has {OnnxSession.List(session.Outputs)}.");
        GraphPort? found = wanted is null ? session.Outputs[0] : session.Outputs.FirstOrDefault(output => output.Name == wanted);
        if (found is null)
            throw source.Wrong(
                "output",
                $"expected one of the graph's outputs; found '{wanted}', the graph has {OnnxSession.List(session.Outputs)}.");
        if (!FloatOutput.Reads(found.Type) || found.Rank is not (2 or 3))
            throw source.Wrong(
                "output",
                $"expected float, float16 or bfloat16, [batch,dimension] or [batch,tokens,dimension]; found {found}.");
        return found;
    }
}
