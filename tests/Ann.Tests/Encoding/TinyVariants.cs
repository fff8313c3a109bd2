using Ann.Encoding.Onnx;
using static Ann.Encoding.Onnx.TensorProto.Types;

namespace Ann.Tests.Encoding;

/// <summary>The model of <see cref="TinyModels"/> as other exporters write it: other types, positions, fewer inputs.</summary>
internal sealed record TinyVariants
{
    /// <summary>Type of ids, mask and positions.</summary>
    public DataType Integers { get; init; } = DataType.Int64;

    /// <summary>Type of the output.</summary>
    public DataType Floats { get; init; } = DataType.Float;

    /// <summary>The model adds 10 times the place of a token to its first component.</summary>
    public bool HasPositions { get; init; }

    /// <summary>Tokens that there are.</summary>
    public int Tokens { get; init; } = TinyModels.Vocabulary.Length;

    /// <summary>Name of the output.</summary>
    public string Output { get; init; } = "last_hidden_state";

    /// <summary>Dimensions that the output claims to have, which the model does not have.</summary>
    public string[] Declared { get; init; } = ["batch", "tokens", "3"];

    /// <summary>Version of the standard operators, from 9.</summary>
    public long OperatorSet { get; init; } = 13;

    /// <summary>The states of padding are no numbers, as those of a softmax over nothing; else they are large.</summary>
    public bool PaddingIsNaN { get; init; }

    public byte[] ToBytes()
    {
        GraphWriter graph = new GraphWriter("tiny_variant") { OperatorSet = OperatorSet }
            .Input("input_ids", Integers, "batch", "tokens")
            .Input("attention_mask", Integers, "batch", "tokens")
            .Weight<float>("states", [.. Enumerable.Range(0, Tokens).SelectMany(TinyModels.State)], Tokens, TinyModels.Dimension)
            .Weight<long>("column", [0, 0, 1], 3)
            .Weight<float>("spoilt", [PaddingIsNaN ? float.NaN : 100], 1)
            .Node("Gather", ["states", "input_ids"], "words", ("axis", 0));
        string state = "words";
        if (HasPositions)
        {
            graph.Input("position_ids", Integers, "batch", "tokens")
                .Weight<float>("places", [.. Enumerable.Range(0, 64).SelectMany(static place => (float[])[10 * place, 0, 0])], 64, 3)
                .Node("Gather", ["places", "position_ids"], "placed", ("axis", 0))
                .Node("Add", ["words", "placed"], "embedded");
            state = "embedded";
        }
        // Padding gets states that would spoil whatever they entered.
        graph.Node("Cast", ["attention_mask"], "mask", ("to", (long)DataType.Bool))
            .Node("Reshape", ["mask", "column"], "mask_column")
            .Node("Where", ["mask_column", state, "spoilt"], "states_out")
            .Node("Cast", ["states_out"], Output, ("to", (long)Floats));
        return graph.Output(Output, Floats, Declared).ToBytes();
    }
}
