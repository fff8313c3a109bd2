using Ann.Client;
using Ann.Protocol.V1;
using Ann.Server.Telemetry;
using Ann.Tool.Load;
using Ann.Tool.Remote;
using Grpc.Core;

namespace Ann.Tool.Replay;

/// <summary>Sends captured calls as the bytes that they were, with the time that their callers gave them.</summary>
internal sealed class CaptureTransport : ILoadTransport, IDisposable
{
    private static readonly Marshaller<byte[]> AsIs = Marshallers.Create(static bytes => bytes, static bytes => bytes);

    private readonly AnnClient _client;
    private readonly IReadOnlyList<CapturedCall> _calls;
    private readonly Method<byte[], byte[]>[] _methods;
    private readonly TimeProvider _time;

    /// <param name="server">The server.</param>
    /// <param name="connections">HTTP/2 connections.</param>
    /// <param name="calls">What is sent, in this order.</param>
    /// <param name="time">The clock that deadlines are dates of.</param>
    public CaptureTransport(ServerTarget server, int connections, IReadOnlyList<CapturedCall> calls, TimeProvider time)
    {
        _client = new AnnClient(server.Measuring(connections));
        _calls = calls;
        _time = time;
        Dictionary<string, Method<byte[], byte[]>> known = [];
        _methods = [.. calls.Select(call => known.TryGetValue(call.Method, out Method<byte[], byte[]>? method)
            ? method
            : known[call.Method] = MethodOf(call.Method))];
    }

    /// <inheritdoc/>
    public Task<LoadAnswer> SendAsync(long number, TimeSpan? patience, CancellationToken cancellation)
    {
        return LoadAnswer.OfAsync(AskAsync());

        async Task<SearchResponse?> AskAsync()
        {
            CapturedCall call = _calls[(int)number];
            DateTime? deadline = call.DeadlineMs is double given
                ? _time.GetUtcNow().UtcDateTime.AddMilliseconds(Math.Clamp(given, 0, 3_600_000))
                : null;
            CallOptions options = new(deadline: deadline, cancellationToken: cancellation);
            byte[] reply = await _client.Calls.AsyncUnaryCall(_methods[number], null, options, call.Request).ConfigureAwait(false);
            return AnswerOf(call.Method, reply);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static Method<byte[], byte[]> MethodOf(string name)
    {
        string[] names = name.Split('/');
        return new Method<byte[], byte[]>(MethodType.Unary, names[0], names[1], AsIs, AsIs);
    }

    /// <summary>The answer that tells whether it is complete; of several searches the first that is not.</summary>
    private static SearchResponse? AnswerOf(string method, byte[] reply)
    {
        SearchResponse[] answers = [.. CallReplay.AnswersOf(method, reply)];
        return answers.FirstOrDefault(static one => one.Completeness != Completeness.Complete) ?? answers.FirstOrDefault();
    }
}
