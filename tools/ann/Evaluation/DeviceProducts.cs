using Ann.Core;
using Ann.Encoding;
using Ann.Encoding.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using static Ann.Encoding.Onnx.TensorProto.Types;

namespace Ann.Tool.Evaluation;

/// <summary>
/// Products of queries with rows on a device, and the greatest of each query: a graph of a matrix product and TopK, on the session that
/// encoders use.
/// </summary>
internal sealed class DeviceProducts : IDisposable
{
    /// <summary>Products that one run makes at most: some 256 MiB of the device.</summary>
    public const long MostProducts = 64L << 20;

    private static readonly string[] Inputs = ["queries", "rows", "biases", "k"], Outputs = ["values", "places"];

    private readonly IModelSession _session;
    private readonly int _columns;

    private DeviceProducts(IModelSession session, int columns) => (_session, _columns) = (session, columns);

    /// <summary>Where it runs.</summary>
    public string Provider => _session.Provider;

    /// <summary>Opens a device.</summary>
    /// <param name="provider"><c>cuda</c>; tests take <c>cpu</c>.</param>
    /// <param name="columns">Components of a row.</param>
    /// <exception cref="AnnException">FailedPrecondition: there is no such provider, with the reason.</exception>
    public static DeviceProducts Open(string provider, int columns)
    {
        byte[] graph = new GraphWriter("truth")
            .Input(Inputs[0], DataType.Float, "q", $"{columns}")
            .Input(Inputs[1], DataType.Float, "n", $"{columns}")
            .Input(Inputs[2], DataType.Float, "1", "n")
            .Input(Inputs[3], DataType.Int64, "1")
            .Node("Gemm", ["queries", "rows"], "products", ("transB", 1))
            // By itself, so that a bias is rounded once: within the product it may be where the sum begins.
            .Node("Add", ["products", "biases"], "scores")
            .Node("TopK", ["scores", "k"], Outputs[0], ("axis", 1), ("largest", 1), ("sorted", 1)).Also(Outputs[1])
            .Output(Outputs[0], DataType.Float, "q", "best")
            .Output(Outputs[1], DataType.Int64, "q", "best")
            .ToBytes();
        EncoderOptions options = new()
        {
            Providers = [provider],
            RequireProvider = true,
            // Products with 10 bits of mantissa would have another bound.
            ProviderOptions = provider == ExecutionProviders.Cuda ? ["cuda.use_tf32=0"] : [],
        };
        return new DeviceProducts(OnnxSession.Open("truth.onnx", graph, options), columns);
    }

    /// <summary>The rows of a block, as they are multiplied.</summary>
    /// <param name="rows">Row-major.</param>
    /// <param name="biases">What is added to the products of each row.</param>
    /// <param name="count">Rows.</param>
    public Block Take(ReadOnlySpan<float> rows, ReadOnlySpan<float> biases, int count) => new(this, rows, biases, count);

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    /// <summary>Rows that queries are multiplied with.</summary>
    internal sealed class Block : IDisposable
    {
        private readonly DeviceProducts _owner;
        private readonly TensorMemory _memory;
        private readonly OrtValue _rows;
        private readonly OrtValue _biases;

        public Block(DeviceProducts owner, ReadOnlySpan<float> rows, ReadOnlySpan<float> biases, int count)
        {
            _owner = owner;
            _memory = new TensorMemory(owner._session);
            _rows = _memory.Input(TensorElementType.Float, [count, owner._columns], out Span<float> cells);
            rows[..cells.Length].CopyTo(cells);
            _biases = _memory.Input(TensorElementType.Float, [1, count], out Span<float> added);
            biases[..count].CopyTo(added);
        }

        /// <summary>The greatest products of some queries, the greatest first.</summary>
        /// <param name="queries">Row-major.</param>
        /// <param name="count">Queries.</param>
        /// <param name="best">Products of a query that are wanted; at most the rows.</param>
        /// <param name="values">Receives the products with their biases.</param>
        /// <param name="places">Receives the rows beside them.</param>
        public void Best(ReadOnlySpan<float> queries, int count, int best, float[] values, long[] places)
        {
            IModelSession session = _owner._session;
            using TensorMemory memory = new(session);
            OrtValue asked = memory.Input(TensorElementType.Float, [count, _owner._columns], out Span<float> cells);
            queries[..cells.Length].CopyTo(cells);
            OrtValue k = memory.Input(TensorElementType.Int64, [1], out Span<long> number);
            number[0] = best;
            int length = count * best;
            OrtValue found = memory.Output(TensorElementType.Float, [count, best], values.AsMemory(0, length));
            OrtValue where = memory.Output(TensorElementType.Int64, [count, best], places.AsMemory(0, length));
            session.Run(Inputs, [asked, _rows, _biases, k], Outputs, [found, where]);
            memory.Deliver(found, values.AsSpan(0, length));
            memory.Deliver(where, places.AsSpan(0, length));
        }

        /// <inheritdoc/>
        public void Dispose() => _memory.Dispose();
    }
}
