using Ann.Encoding.Onnx;
using static Ann.Encoding.Onnx.TensorProto.Types;

namespace Ann.Tool.Samples;

/// <summary>Trained factors as graphs: item numbers in, vectors out.</summary>
/// <remarks>
/// <para>Items are numbered from 1 in both towers. Number 0 is padding: its row is zero, so that it adds nothing to a sum or a product.
/// </para>
/// <para>The user tower solves the very least-squares problem that training solved, by conjugate gradients that are written out: no
/// operator of ONNX solves equations. What all users have in common is inverted beforehand and guides the steps, so that few are needed.
/// </para>
/// </remarks>
internal static class TowerGraphs
{
    /// <summary>Input of the item tower, and output of both.</summary>
    public const string ItemInput = "item_ids", ItemOutput = "item_vector";

    /// <summary>Input and output of the user tower.</summary>
    public const string UserInput = "history", UserOutput = "user_vector";

    private const string Remark =
        "A sample of ann sample two-tower: factors of implicit ALS, to try things with. Not a model that anybody tuned. ";

    // As many as there are factors would be exact but for rounding; with the common part inverted, these are.
    private const int MostSteps = 32;

    /// <summary>Looks rows up: int64[batch] to float[batch, factors].</summary>
    public static byte[] Item(ImplicitAls model, int factors) => new GraphWriter("sample_item_tower")
    {
        Remark = Remark + "Items are numbered from 1.",
    }
        .Input(ItemInput, DataType.Int64, "batch")
        .Weight<float>("factors", TableOf(model, factors), (model.Items.Length / factors) + 1, factors)
        .Node("Gather", ["factors", ItemInput], ItemOutput, ("axis", 0))
        .Output(ItemOutput, DataType.Float, "batch", $"{factors}")
        .ToBytes();

    /// <summary>Folds in: int64[batch, length] of items that somebody took, 0 or less for none, to float[batch, factors].</summary>
    public static byte[] User(ImplicitAls model, int factors, double confidence)
    {
        double[] inverse = new NormalEquations(factors).Invert(model.Gram);
        GraphWriter graph = new GraphWriter("sample_user_tower")
        {
            Remark = Remark + "A row is the numbers of the items that a user took, each once, in any order, with 0 for padding.",
        }
            .Input(UserInput, DataType.Int64, "batch", "length")
            .Weight<float>("factors", TableOf(model, factors), (model.Items.Length / factors) + 1, factors)
            .Weight<float>("common", Floats(model.Gram), factors, factors)
            .Weight<float>("guide", Floats(inverse), factors, factors)
            .Weight<float>("confidence", [(float)confidence])
            .Weight<float>("weight", [(float)(1 + confidence)])
            .Weight<float>("least", [1e-30f])
            .Weight<long>("padding", [0])
            .Weight<long>("members", [1], 1)
            .Weight<long>("components", [2], 1)
            .Node("Max", [UserInput, "padding"], "taken")
            .Node("Gather", ["factors", "taken"], "rows", ("axis", 0))
            .Node("Transpose", ["rows"], "columns").With("perm", 0, 2, 1)
            .Node("MatMul", ["columns", "rows"], "squares")
            .Node("Mul", ["squares", "confidence"], "own")
            .Node("Add", ["own", "common"], "matrix")
            .Node("ReduceSum", ["rows", "members"], "sum", ("keepdims", 1))
            .Node("Mul", ["sum", "weight"], "right")
            .Node("MatMul", ["right", "guide"], "x0")
            .Node("MatMul", ["x0", "matrix"], "first")
            .Node("Sub", ["right", "first"], "r0")
            .Node("MatMul", ["r0", "guide"], "z0")
            .Node("Identity", ["z0"], "p0")
            .Node("Mul", ["r0", "z0"], "rz0")
            .Node("ReduceSum", ["rz0", "components"], "s0", ("keepdims", 1));
        int steps = Math.Min(factors, MostSteps);
        for (int i = 0; i < steps; i++)
            AddStep(graph, i, isLast: i + 1 == steps);
        return graph
            .Node("Squeeze", [$"x{steps}", "members"], UserOutput)
            .Output(UserOutput, DataType.Float, "batch", $"{factors}")
            .ToBytes();
    }

    /// <summary>A step: x is the solution so far, r what is wrong with it, p where to go.</summary>
    private static void AddStep(GraphWriter graph, int i, bool isLast)
    {
        graph
            .Node("MatMul", [$"p{i}", "matrix"], $"q{i}")
            .Node("Mul", [$"p{i}", $"q{i}"], $"pq{i}")
            .Node("ReduceSum", [$"pq{i}", "components"], $"bend{i}", ("keepdims", 1))
            .Node("Max", [$"bend{i}", "least"], $"below{i}")
            .Node("Div", [$"s{i}", $"below{i}"], $"far{i}")
            .Node("Mul", [$"p{i}", $"far{i}"], $"move{i}")
            .Node("Add", [$"x{i}", $"move{i}"], $"x{i + 1}");
        if (isLast)
            return;
        graph
            .Node("Mul", [$"q{i}", $"far{i}"], $"less{i}")
            .Node("Sub", [$"r{i}", $"less{i}"], $"r{i + 1}")
            .Node("MatMul", [$"r{i + 1}", "guide"], $"z{i + 1}")
            .Node("Mul", [$"r{i + 1}", $"z{i + 1}"], $"rz{i + 1}")
            .Node("ReduceSum", [$"rz{i + 1}", "components"], $"s{i + 1}", ("keepdims", 1))
            .Node("Max", [$"s{i}", "least"], $"from{i}")
            .Node("Div", [$"s{i + 1}", $"from{i}"], $"bent{i}")
            .Node("Mul", [$"p{i}", $"bent{i}"], $"keep{i}")
            .Node("Add", [$"z{i + 1}", $"keep{i}"], $"p{i + 1}");
    }

    private static float[] TableOf(ImplicitAls model, int factors) => [.. new float[factors], .. Floats(model.Items)];

    private static float[] Floats(double[] values) => Array.ConvertAll(values, static value => (float)value);
}
