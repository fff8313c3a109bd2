using Ann.Core;
using Ann.Protocol.V1;
using Ann.Server.Access;
using Ann.Server.Admission;
using Ann.Server.Limits;
using Ann.Server.Recall;
using Ann.Server.Telemetry;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Ann.Server.Hosting;

/// <summary>
/// Holds each call against the limits of its caller, of the index that it names, and of both. A call is refused; a block of a write stream
/// waits, and with it, by its credit, the client.
/// </summary>
internal sealed class LimitInterceptor(CallerBook callers, ServerMetrics metrics, TimeProvider time) : Interceptor
{
    /// <inheritdoc/>
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        if (callers.Rules is not { } rules || CallBody.Of(context) is not { Caller.Meters: { } caller } body
            || RequestCost.Of(request, body.MessageBytes) is not { } cost || (request is SearchRequest search && OwnCalls.Has(search)))
        {
            return continuation(request, context);
        }
        Scopes scopes = new(rules, caller, RequestedIndex.Of(request));
        scopes.Take(in cost);
        body.MostEf = scopes.MostEf;
        bool stays = false;
        try
        {
            Task<TResponse> call = continuation(request, context);
            stays = !call.IsCompleted;
            return stays ? LeaveAfterAsync(call, scopes, cost) : call;
        }
        finally
        {
            if (!stays)
                scopes.Leave(in cost);
        }
    }

    /// <inheritdoc/>
    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        callers.Rules is { } rules && CallBody.Of(context) is { Caller.Meters: { } caller } body
            ? continuation(new SlowedReader<TRequest>(requestStream, new Stream(rules, caller, body), this), responseStream, context)
            : continuation(requestStream, responseStream, context);

    private static async Task<TResponse> LeaveAfterAsync<TResponse>(Task<TResponse> call, Scopes scopes, CallCost cost)
    {
        try
        {
            return await call;
        }
        finally
        {
            scopes.Leave(in cost);
        }
    }

    /// <summary>Whose limits a call is held against.</summary>
    private readonly struct Scopes
    {
        private readonly LimitMeters? _caller;
        private readonly LimitMeters? _index;
        private readonly LimitMeters? _both;

        /// <param name="rules">The limits.</param>
        /// <param name="caller">What is taken of those of the caller.</param>
        /// <param name="reference">Name of the index, or <c>name@generation</c>; null or empty for none.</param>
        public Scopes(LimitRules rules, CallerMeters caller, string? reference)
        {
            _caller = caller.Own;
            if (string.IsNullOrEmpty(reference))
                return;
            int at = reference.IndexOf('@', StringComparison.Ordinal);
            string name = at < 0 ? reference : reference[..at];
            _index = rules.OfIndex(name);
            _both = caller.On(name);
        }

        public int MostEf => Math.Min(EfOf(_caller), Math.Min(EfOf(_index), EfOf(_both)));

        /// <summary>Takes from all, or from none.</summary>
        /// <exception cref="AnnException">One refuses.</exception>
        public void Take(in CallCost cost)
        {
            if (_caller?.Take(in cost) is { } refusal)
                throw refusal;
            if (_index?.Take(in cost) is { } ofIndex)
            {
                _caller?.GiveBack(in cost);
                throw ofIndex;
            }
            if (_both?.Take(in cost) is { } ofBoth)
            {
                _caller?.GiveBack(in cost);
                _index?.GiveBack(in cost);
                throw ofBoth;
            }
        }

        /// <summary>Takes what a block asks for, from all.</summary>
        /// <returns>How long the stream waits.</returns>
        /// <exception cref="AnnException">One refuses the block.</exception>
        public TimeSpan Owe(in CallCost cost)
        {
            TimeSpan longest = TimeSpan.Zero;
            Owe(_caller, in cost, ref longest);
            Owe(_index, in cost, ref longest);
            Owe(_both, in cost, ref longest);
            return longest;
        }

        /// <summary>The call has ended.</summary>
        public void Leave(in CallCost cost)
        {
            _caller?.Leave(in cost);
            _index?.Leave(in cost);
            _both?.Leave(in cost);
        }

        private static int EfOf(LimitMeters? meters) => meters?.MostEf ?? int.MaxValue;

        private static void Owe(LimitMeters? meters, in CallCost cost, ref TimeSpan longest)
        {
            if (meters is null)
                return;
            if (meters.Owe(in cost, out TimeSpan wait) is { } refusal)
                throw refusal;
            if (wait > longest)
                longest = wait;
        }
    }

    /// <summary>A write stream: its first frame counts as a call and names the index, the others as blocks.</summary>
    private sealed class Stream(LimitRules rules, CallerMeters caller, CallBody body)
    {
        private Scopes? _scopes;

        /// <summary>Counts a frame.</summary>
        /// <returns>How long to wait before it is handed on.</returns>
        public TimeSpan Count(object frame)
        {
            if (RequestCost.Of(frame, body.MessageBytes) is not { } cost)
                return TimeSpan.Zero;
            if (_scopes is { } scopes)
                return scopes.Owe(in cost);
            scopes = new Scopes(rules, caller, RequestedIndex.Of(frame));
            scopes.Take(in cost);
            _scopes = scopes;
            return TimeSpan.Zero;
        }
    }

    /// <summary>Hands frames on when their time has come.</summary>
    private sealed class SlowedReader<T>(IAsyncStreamReader<T> frames, Stream stream, LimitInterceptor owner) : IAsyncStreamReader<T>
        where T : class
    {
        public T Current => frames.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (!await frames.MoveNext(cancellationToken))
                return false;
            TimeSpan wait = stream.Count(frames.Current);
            if (wait > TimeSpan.Zero)
            {
                owner.Slow();
                await owner.WaitAsync(wait, cancellationToken);
            }
            return true;
        }
    }

    private void Slow() => metrics.Slowed();

    private Task WaitAsync(TimeSpan wait, CancellationToken cancellation) => Task.Delay(wait, time, cancellation);
}
