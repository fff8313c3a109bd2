using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using Ann.Encoding.Onnx;
using Ann.Encoding.Tokenizers;

namespace Ann.Encoding.Defaults;

/// <summary>
/// The model of the embedded default encoder: a table of fixed random rows, one per bucket, and the unit-length weighted sum of those
/// that a text's tokens name. Nothing is trained, so nothing is downloaded, and every machine writes the same bytes.
/// </summary>
internal static class DefaultModel
{
    /// <summary>Components of a row.</summary>
    public const int Dimension = 256;

    /// <summary>Tokens of a text: some 200 different words with all their n-grams.</summary>
    public const int MaxTokens = 4096;

    /// <summary>Hash of the bytes that <see cref="Write"/> gives. Pinned: rows of indexes built by older versions must stay comparable.</summary>
    public const ulong ContentHash = 0x62CC_7AB4_7139_6EBF;

    private const ulong Seed = 0x416E_6E53_6572_7665; // "AnnServe"

    /// <summary>The graph's inputs and output, by role.</summary>
    public const string Ids = "token_ids", Weights = "token_weights", Output = "text_embedding";

    /// <summary>How texts become bucket numbers.</summary>
    public static HashedNgramSettings Tokenizer { get; } = new();

    /// <summary>What an <c>encoder.json</c> beside the model would say.</summary>
    public static EncoderDescription Description { get; } = new()
    {
        Kind = EncoderKind.Text,
        Tokenizer = new TokenizerDescription { Kind = TokenizerKind.HashedNgrams },
        MaxTokens = MaxTokens,
        Pooling = Pooling.None,
        Normalize = false,
        Dimension = Dimension,
    };

    /// <summary>The ONNX file, about 8.4 MB.</summary>
    public static byte[] Write() => new GraphWriter("hashed_ngrams")
        .Input(Ids, TensorProto.Types.DataType.Int64, "batch", "tokens")
        .Input(Weights, TensorProto.Types.DataType.Float, "batch", "tokens")
        .Weight<sbyte>("table", Table(), Tokenizer.Buckets, Dimension)
        .Weight<long>("axis_1", [1], 1)
        // Far below the square of any real row, and large enough that the zero row of an empty text stays zero instead of NaN.
        .Weight<float>("epsilon", [1e-6f], 1)
        .Node("Gather", ["table", Ids], "codes", ("axis", 0))
        .Node("Cast", ["codes"], "rows", ("to", (long)TensorProto.Types.DataType.Float))
        .Node("Unsqueeze", [Weights, "axis_1"], "row_weights")
        .Node("MatMul", ["row_weights", "rows"], "sums")
        .Node("Squeeze", ["sums", "axis_1"], "sum")
        .Node("Mul", ["sum", "sum"], "squares")
        .Node("ReduceSum", ["squares", "axis_1"], "square", ("keepdims", 1))
        .Node("Add", ["square", "epsilon"], "positive")
        .Node("Sqrt", ["positive"], "length")
        .Node("Div", ["sum", "length"], Output)
        .Output(Output, TensorProto.Types.DataType.Float, "batch", Dimension.ToString(CultureInfo.InvariantCulture))
        .ToBytes();

    /// <summary>Hash in the sense of <see cref="ContentHash"/>.</summary>
    public static ulong Hash(ReadOnlySpan<byte> content) => XxHash3.HashToUInt64(content);

    /// <summary>Components from -127 to 127, uniform, from a counter-based generator: integers only, so no machine can differ.</summary>
    private static sbyte[] Table()
    {
        sbyte[] table = new sbyte[Tokenizer.Buckets * Dimension];
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        for (int i = 0; i < table.Length; i += random.Length)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(random, SplitMix64(Seed + (ulong)i));
            for (int j = 0; j < random.Length; j++)
                table[i + j] = (sbyte)random[j] is var component and > -128 ? component : (sbyte)0;
        }
        return table;
    }

    private static ulong SplitMix64(ulong state)
    {
        ulong z = unchecked(state * 0x9E37_79B9_7F4A_7C15 + 0x9E37_79B9_7F4A_7C15);
        z = unchecked((z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB);
        return z ^ (z >> 31);
    }
}
