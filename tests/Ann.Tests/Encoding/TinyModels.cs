using Ann.Encoding.Onnx;
using Ann.Encoding.Onnx.Weights;
using Google.Protobuf;
using static Ann.Encoding.Onnx.TensorProto.Types;

namespace Ann.Tests.Encoding;

/// <summary>Models of a few numbers, written with the project's own ONNX writer, whose results a test can compute by hand.</summary>
internal static class TinyModels
{
    public const int Dimension = 3;

    /// <summary>Ids are line numbers: [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, …</summary>
    public static readonly string[] Vocabulary =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "blue", "shoe", "##s", "!", "caf", "##e", "broken", "中", "-",
    ];

    public const int Broken = 12;

    public static string VocabularyText => string.Join('\n', Vocabulary) + "\n";

    /// <summary>State of token id at any place: no two alike, and padding is not zero.</summary>
    public static float[] State(int id) =>
        id == Broken ? [float.NaN, 0, 0] : [MathF.Sin(id + 1), 0.1f * id - 0.5f, id % 3 + 0.25f];

    /// <summary>BERT's shape: three int64 inputs, one state per token. Types and mask take part, so a wrong one would show.</summary>
    public static byte[] Bert(bool pooled = false, string batch = "batch", string tokens = "tokens")
    {
        GraphWriter graph = new GraphWriter("tiny_bert")
            .Input("input_ids", DataType.Int64, batch, tokens)
            .Input("attention_mask", DataType.Int64, batch, tokens)
            .Input("token_type_ids", DataType.Int64, batch, tokens)
            .Weight<float>("states", Table(), Vocabulary.Length, Dimension)
            .Weight<float>("segments", [0, 0, 0, 9, 9, 9], 2, Dimension)
            .Weight<long>("axis_1", [1], 1)
            .Weight<long>("axis_2", [2], 1)
            .Node("Gather", ["states", "input_ids"], "words", ("axis", 0))
            .Node("Gather", ["segments", "token_type_ids"], "types", ("axis", 0))
            .Node("Add", ["words", "types"], "embedded");
        if (!pooled)
            return graph
                .Node("Cast", ["attention_mask"], "mask", ("to", (long)DataType.Float))
                .Node("Unsqueeze", ["mask", "axis_2"], "mask_column")
                // Padding gets states that would spoil any mean they entered.
                .Weight<float>("hundred", [100], 1)
                .Node("Mul", ["mask_column", "hundred"], "kept")
                .Node("Sub", ["embedded", "kept"], "shifted")
                .Node("Add", ["shifted", "hundred"], "last_hidden_state")
                .Output("last_hidden_state", DataType.Float, batch, tokens, "3")
                .ToBytes();
        return graph
            .Node("Cast", ["attention_mask"], "mask", ("to", (long)DataType.Float))
            .Node("Unsqueeze", ["mask", "axis_2"], "mask_column")
            .Node("Mul", ["embedded", "mask_column"], "masked")
            .Node("ReduceSum", ["masked", "axis_1"], "sentence_embedding", ("keepdims", 0))
            .Output("sentence_embedding", DataType.Float, batch, "3")
            .ToBytes();
    }

    /// <summary>An item tower: row of a table by id.</summary>
    public static byte[] ItemTower(float scale = 1) => new GraphWriter("items")
        .Input("item_ids", DataType.Int64, "batch")
        .Weight<float>("table", [.. Enumerable.Range(0, 10).Select(i => scale * i)], 5, 2)
        .Node("Gather", ["table", "item_ids"], "item_vector", ("axis", 0))
        .Output("item_vector", DataType.Float, "batch", "2")
        .ToBytes();

    /// <summary>A user tower over three numbers: a 3 × 2 matrix.</summary>
    public static byte[] UserTower(string batch = "batch", string dimension = "2") => new GraphWriter("users")
        .Input("features", DataType.Float, batch, "3")
        .Weight<float>("matrix", [1, 2, 3, 4, 5, 6], 3, 2)
        .Node("MatMul", ["features", "matrix"], "user_vector")
        .Output("user_vector", DataType.Float, batch, dimension)
        .ToBytes();

    /// <summary>A tower of three numbers whose run asks for more memory than an address can name.</summary>
    public static byte[] Boundless() => new GraphWriter("boundless")
        .Input("features", DataType.Float, "batch", "3")
        .Weight<long>("shape", [1L << 45, 3], 2)
        .Node("Expand", ["features", "shape"], "all")
        .Node("ReduceMax", ["all"], "largest", ("keepdims", 1))
        .Node("Mul", ["features", "largest"], "vector")
        .Output("vector", DataType.Float, "batch", "3")
        .ToBytes();

    /// <summary>The same model with a weight in another file, as exporters write it where a model is large.</summary>
    /// <param name="model">Of this class.</param>
    /// <param name="weight">The weight's name.</param>
    /// <param name="location">Path of the file, as the model names it.</param>
    /// <param name="content">What the file holds.</param>
    public static byte[] WithExternal(byte[] model, string weight, string location, out byte[] content)
    {
        ModelProto whole = ModelProto.Parser.ParseFrom(model);
        TensorProto inside = whole.Graph.Initializer.Single(tensor => tensor.Name == weight);
        content = inside.RawData.ToByteArray();
        inside.ClearRawData();
        Model named = Model.Parser.ParseFrom(whole.ToByteArray()); // keeps what it does not know
        Locate(named.Graph.Initializer.Single(tensor => tensor.Name == weight), location);
        return named.ToByteArray();
    }

    /// <summary>Makes a tensor one whose data are in a file.</summary>
    public static Tensor Locate(Tensor tensor, string location)
    {
        tensor.DataLocation = Tensor.Types.DataLocation.External;
        tensor.ExternalData.Add(new Tensor.Types.Entry { Key = "location", Value = location });
        return tensor;
    }

    private static float[] Table() => [.. Enumerable.Range(0, Vocabulary.Length).SelectMany(State)];
}
