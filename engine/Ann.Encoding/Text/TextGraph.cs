using Ann.Core;
using Ann.Encoding.Descriptions;
using Ann.Encoding.Onnx;
using Ann.Encoding.Tokenizers;

namespace Ann.Encoding.Text;

/// <summary>One inference of a text model over a batch of rows.</summary>
internal sealed class TextGraph
{
    private readonly ModelSessions _sessions;
    private readonly TextPorts _ports;
    private readonly long _paddingId;
    private readonly FloatOutput _states;
    private readonly FloatOutput _output;

    /// <param name="sessions">What runs it.</param>
    /// <param name="ports">Inputs and output.</param>
    /// <param name="paddingId">Id of padding.</param>
    /// <param name="poolsRows">The graph has been continued to <see cref="PooledRows.Port"/>.</param>
    public TextGraph(ModelSessions sessions, TextPorts ports, long paddingId, bool poolsRows)
    {
        _sessions = sessions;
        _ports = ports;
        _paddingId = paddingId;
        string[] names = [.. ports.Inputs.Select(static input => input.Name)];
        _states = new FloatOutput(names, ports.Output);
        PoolsRows = poolsRows;
        _output = poolsRows ? new FloatOutput(names, PooledRows.Port) : _states;
    }

    /// <summary>True when a run gives finished rows: pooled, cut and scaled.</summary>
    public bool PoolsRows { get; }

    private bool HasRows => PoolsRows || _ports.Output.Rank == 2;

    /// <summary>One inference. Where the device is lost, on the provider that takes its place.</summary>
    /// <param name="tokens">The rows.</param>
    /// <param name="rows">Which of them, at most the graph's fixed number.</param>
    /// <param name="padded">Tokens per row, at least the longest's.</param>
    /// <param name="dimension">Components of a vector.</param>
    /// <param name="output">Receives <see cref="OutputLength"/> floats, one or <paramref name="padded"/> vectors per row.</param>
    public void Run(TokenBuffer tokens, ReadOnlySpan<long> rows, int padded, int dimension, Memory<float> output)
    {
        TextFeed feed = Feed(tokens, rows, padded);
        for (; ; )
        {
            IModelSession session = _sessions.Current;
            using TensorMemory memory = new(session);
            try
            {
                _output.Run(
                    session, memory, feed.Fill(_ports.Inputs, rows, memory), output,
                    HasRows ? [feed.Rows, dimension] : [feed.Rows, padded, dimension]);
                return;
            }
            catch (AnnException e)
            {
                if (!_sessions.Replaces(session, e))
                    throw;
            }
        }
    }

    /// <summary>The dimension that the model really has.</summary>
    /// <exception cref="AnnException">What it gives is not what it declares.</exception>
    public int ProbeDimension(TokenBuffer tokens, int padded, EncoderDirectory source)
    {
        using TensorMemory memory = new(_sessions.Current);
        TextFeed feed = Feed(tokens, [0], padded);
        long[] shape = _states.ProbeShape(
            _sessions.Current, feed.Fill(_ports.Inputs, [0], memory), what => source.Wrong("output", what));
        return shape[0] == feed.Rows && (shape.Length == 2 || shape[1] == padded)
            ? (int)shape[^1]
            : throw source.Wrong(
                "output", $"expected a row for each of {feed.Rows} texts{(shape.Length == 2 ? "" : $" of {padded} tokens")} of " +
                $"{_ports.Output}; found [{string.Join(',', shape)}].");
    }

    /// <summary>Floats of an output of so many rows.</summary>
    public int OutputLength(int rows, int padded, int dimension) => checked(ShapedRows(rows) * (HasRows ? 1 : padded) * dimension);

    private TextFeed Feed(TokenBuffer tokens, ReadOnlySpan<long> rows, int padded) =>
        new(tokens, _paddingId, ShapedRows(rows.Length), padded);

    private int ShapedRows(int rows) => _ports.FixedRows > 0 ? _ports.FixedRows : rows;
}
