using Ann.Encoding.Onnx;
using Microsoft.ML.OnnxRuntime.Tensors;
using static Ann.Encoding.Onnx.TensorProto.Types;

namespace Ann.Encoding.Text;

/// <summary>
/// Nodes at the end of a text model's graph that make of one vector per token the finished row of the text: pooled, cut, scaled. They do
/// what <see cref="TokenPooling"/> and <see cref="VectorQuality.Normalize"/> do, in float32 whatever the model's floats are.
/// </summary>
internal static class PooledRows
{
    private const string Prefix = "ann_pooled_rows/";

    /// <summary>Operator sets whose operators mean what is written here.</summary>
    private const long OldestSet = 11, OldestWithBatches = 12, AxesAreInputs = 13, MaxAxesAreInputs = 18;

    private const int Bool = (int)DataType.Bool, Float = (int)DataType.Float, Int64 = (int)DataType.Int64;

    /// <summary>The output that they write.</summary>
    public static GraphPort Port { get; } = new(Prefix + "row", TensorElementType.Float, [-1, -1]);

    /// <summary>Whether a graph can be continued so: the file says that it has a row per token and what is padding.</summary>
    /// <param name="operatorSet">What the model is written in.</param>
    /// <param name="ports">Its inputs and output.</param>
    /// <param name="settings">How rows are made.</param>
    public static bool Fit(long operatorSet, TextPorts ports, TextSettings settings) =>
        operatorSet >= (settings.Pooling == Pooling.Last ? OldestWithBatches : OldestSet)
            && ports.Output.Rank == 3 && ports.NameOf(TextInputRole.Mask) is not null;

    /// <summary>The continuation of the graph.</summary>
    /// <param name="operatorSet">What the model is written in.</param>
    /// <param name="ports">The model's inputs and output.</param>
    /// <param name="settings">How rows are made; pooling is not none.</param>
    public static byte[] Write(long operatorSet, TextPorts ports, TextSettings settings)
    {
        Nodes nodes = new(operatorSet);
        string mask = nodes.Add("Cast", [ports.NameOf(TextInputRole.Mask)!], "mask", ("to", Bool));
        string states = ports.Output.Name;
        string row = settings.Pooling switch
        {
            Pooling.Cls => nodes.First(states, mask),
            Pooling.Last => nodes.Last(states, mask),
            Pooling.Max => nodes.Max(states, mask),
            Pooling.Mean => nodes.Mean(states, mask),
            Pooling.None => throw new ArgumentOutOfRangeException(nameof(settings), settings, "A row per text is not pooled."),
        };
        if (settings.TruncateDimension is { } kept)
            row = nodes.Add("Slice", [row, nodes.Numbers("from", 0), nodes.Numbers("to", kept), nodes.Numbers("second", 1)], "cut");
        return nodes.Finish(settings.Normalize ? nodes.Scaled(row) : row);
    }

    /// <summary>
    /// The nodes, each by the name of its output. Padding may hold anything, NaN too, so it is left out and not multiplied.
    /// </summary>
    private sealed class Nodes(long operatorSet)
    {
        private readonly GraphWriter _graph = new();
        private readonly HashSet<string> _numbers = [];
        private string? _hasTokens;

        public string Add(string operation, string[] inputs, string output, params ReadOnlySpan<(string Name, long Value)> attributes)
        {
            _graph.Node(operation, inputs, Prefix + output, attributes);
            return Prefix + output;
        }

        public string Numbers(string name, params ReadOnlySpan<long> values)
        {
            if (_numbers.Add(name))
                _graph.Weight(Prefix + name, values, values.Length);
            return Prefix + name;
        }

        public string First(string states, string mask)
        {
            string first = Add("Gather", [states, Scalar("zero", 0)], "first", ("axis", 1));
            return OrZero(Add("Cast", [first], "first_state", ("to", Float)), mask);
        }

        public string Last(string states, string mask)
        {
            string ones = Add("Cast", [mask], "ones", ("to", Int64));
            string tokens = Reduce("ReduceSum", ones, "tokens", keep: true);
            string place = Add("Sub", [tokens, Numbers("one", 1)], "place");
            // No tokens: the first, which is taken for zeros.
            string least = Add("Where", [HasTokens(mask), place, Numbers("nought", 0)], "last_place");
            string last = Add("GatherND", [states, least], "last", ("batch_dims", 1));
            return OrZero(Add("Cast", [last], "last_state", ("to", Float)), mask);
        }

        public string Max(string states, string mask)
        {
            (string column, string floats) = Columns(states, mask);
            string kept = Add("Where", [column, floats, Value("least", float.NegativeInfinity)], "kept");
            string greatest = Reduce("ReduceMax", kept, "greatest", keep: false);
            // ONNX Runtime's greatest looks past NaN, which must not: 0 × the sum is NaN where there is one.
            string sum = Reduce("ReduceSum", Add("Where", [column, floats, Value("nil", 0)], "summed"), "sum", keep: false);
            return OrZero(Add("Add", [greatest, Add("Mul", [sum, Value("times", 0)], "doubt")], "greatest_or_nan"), mask);
        }

        public string Mean(string states, string mask)
        {
            (string column, string floats) = Columns(states, mask);
            string sum = Reduce("ReduceSum", Add("Where", [column, floats, Value("nil", 0)], "summed"), "sum", keep: false);
            string ones = Add("Cast", [mask], "ones", ("to", Float));
            string tokens = Reduce("ReduceSum", ones, "tokens", keep: true);
            return Add("Div", [sum, Add("Max", [tokens, Value("least", 1)], "count")], "mean");
        }

        /// <summary>To length 1; a row of zeros, and one whose length is no number, stays as it is.</summary>
        public string Scaled(string row)
        {
            string squares = Add("Mul", [row, row], "squares");
            string length = Add("Sqrt", [Reduce("ReduceSum", squares, "square", keep: true)], "length");
            string some = Add("Greater", [length, Value("nothing", 0)], "is_some");
            string finite = Add("Less", [length, Value("infinity", float.PositiveInfinity)], "is_finite");
            string scales = Add("And", [some, finite], "scales");
            return Add("Div", [row, Add("Where", [scales, length, Value("unit", 1)], "divisor")], "scaled");
        }

        public byte[] Finish(string row)
        {
            _graph.Node("Identity", [row], Port.Name);
            return _graph.Output(Port.Name, DataType.Float, Prefix + "rows", Prefix + "components").ToContinuation();
        }

        private (string Mask, string States) Columns(string states, string mask) => (
            Add("Reshape", [mask, Numbers("column", 0, 0, 1)], "mask_column"), Add("Cast", [states], "states", ("to", Float)));

        private string OrZero(string row, string mask) => Add("Where", [HasTokens(mask), row, Value("empty", 0)], "filled");

        /// <summary>Padding stands at the end: a text has tokens when its first place holds one.</summary>
        private string HasTokens(string mask) =>
            _hasTokens ??= Add("Gather", [mask, Numbers("first_place", 0)], "has_tokens", ("axis", 1));

        private string Scalar(string name, long value)
        {
            _graph.Weight<long>(Prefix + name, [value]);
            return Prefix + name;
        }

        private string Value(string name, float value)
        {
            _graph.Weight<float>(Prefix + name, [value], 1);
            return Prefix + name;
        }

        /// <summary>Over the second dimension, which the operators are told in two ways.</summary>
        private string Reduce(string operation, string input, string output, bool keep)
        {
            bool isInput = operatorSet >= (operation == "ReduceMax" ? MaxAxesAreInputs : AxesAreInputs);
            Add(operation, isInput ? [input, Numbers("second", 1)] : [input], output, ("keepdims", keep ? 1 : 0));
            if (!isInput)
                _graph.With("axes", 1);
            return Prefix + output;
        }
    }
}
