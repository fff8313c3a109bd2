using Ann.Core;
using Ann.Encoding.Descriptions;
using Ann.Encoding.Onnx;
using Ann.Encoding.Tokenizers;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Ann.Encoding.Text;

/// <summary>The inputs of a text model by their parts, and its output.</summary>
/// <param name="Inputs">What it reads, the token ids first.</param>
/// <param name="Output">A row per text (rank 2) or per token (rank 3).</param>
/// <param name="FixedRows">Rows that the graph insists on; -1 when it does not.</param>
/// <param name="FixedTokens">Tokens per row that the graph insists on; -1 when it does not.</param>
internal sealed record TextPorts(TextInput[] Inputs, GraphPort Output, int FixedRows, int FixedTokens)
{
    /// <summary>The graph's inputs by their parts.</summary>
    public EncoderInputs Names => new()
    {
        Ids = NameOf(TextInputRole.Ids),
        Mask = NameOf(TextInputRole.Mask),
        Types = NameOf(TextInputRole.Types),
        Positions = NameOf(TextInputRole.Positions),
        Weights = NameOf(TextInputRole.Weights),
    };

    /// <summary>Finds every input and the output.</summary>
    /// <param name="inputs">The graph's inputs.</param>
    /// <param name="outputs">The graph's outputs.</param>
    /// <param name="source">Names of inputs and output, and who is to blame when they do not fit.</param>
    /// <param name="tokenizer">Decides which inputs can be filled.</param>
    /// <exception cref="AnnException">An input is missing, of another type, or nobody's.</exception>
    public static TextPorts Find(
        IReadOnlyList<GraphPort> inputs, IReadOnlyList<GraphPort> outputs, EncoderDirectory source, ITextTokenizer tokenizer)
    {
        TextInput[] found = [.. FindInputs(inputs, source, tokenizer)];
        GraphPort ids = inputs.First(input => input.Name == found[0].Name);
        return new TextPorts(found, FindOutput(outputs, source), ids.Shape[0], ids.Shape[1]);
    }

    /// <summary>The graph's name for the input of a part; null where it has none.</summary>
    public string? NameOf(TextInputRole role) => Array.Find(Inputs, input => input.Role == role).Name;

    private static List<TextInput> FindInputs(
        IReadOnlyList<GraphPort> inputs, EncoderDirectory source, ITextTokenizer tokenizer)
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
            GraphPort? port = inputs.FirstOrDefault(input => input.Name == name);
            bool fits = role == TextInputRole.Weights
                ? port?.Type == TensorElementType.Float
                : port?.Type is TensorElementType.Int64 or TensorElementType.Int32;
            if (port is null || !fits || port.Rank != 2)
                throw source.Wrong(
                    "inputs." + field,
                    $"expected a graph input '{name}' {(role == TextInputRole.Weights ? "float" : "int64 or int32")}[batch,tokens]; " +
                    $"found {GraphPort.List(inputs)}.");
            found.Add(new TextInput(role, name, port.Type));
        }
        foreach (GraphPort input in inputs)
            if (!wanted.Exists(role => role.Name == input.Name))
                throw source.Wrong("inputs", $"expected only inputs that a tokenizer can fill; found {input} beside them.");
        return found;

        void AddWhereThere(TextInputRole role, string? named, string usual, string field)
        {
            if (named is not null || inputs.Any(input => input.Name == usual))
                wanted.Add((role, named ?? usual, field));
        }
    }

    private static GraphPort FindOutput(IReadOnlyList<GraphPort> outputs, EncoderDirectory source)
    {
        string? wanted = source.Description.Output;
        if (wanted is null && outputs.Count > 1)
            wanted = ((string[])["sentence_embedding", "last_hidden_state", "token_embeddings"])
                .FirstOrDefault(usual => outputs.Any(output => output.Name == usual))
                ?? throw source.Wrong("output", $"expected the name of one output; the graph has {GraphPort.List(outputs)}.");
        GraphPort? found = wanted is null ? outputs[0] : outputs.FirstOrDefault(output => output.Name == wanted);
        if (found is null)
            throw source.Wrong(
                "output",
                $"expected one of the graph's outputs; found '{wanted}', the graph has {GraphPort.List(outputs)}.");
        if (!FloatOutput.Reads(found.Type) || found.Rank is not (2 or 3))
            throw source.Wrong(
                "output",
                $"expected float, float16 or bfloat16, [batch,dimension] or [batch,tokens,dimension]; found {found}.");
        return found;
    }
}
