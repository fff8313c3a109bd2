using System.Collections.Concurrent;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server.Access;
using Ann.Server.Admission;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Ann.Server.Hosting;

/// <summary>
/// Writes refused writes to the log. A caller whose every write is refused sends thousands: of one index and one kind of reason there is a
/// line at most every ten seconds, which says how many were like it.
/// </summary>
internal sealed partial class RefusedWrites(IndexCatalog catalog, DrainGate gate, TimeProvider time, ILogger<RefusedWrites> log)
    : Interceptor
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(string Index, AnnError Error), Tally> _tallies = new();

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            Task<TResponse> call = continuation(request, context);
            return call.IsCompletedSuccessfully ? call : WatchAsync(call, RequestedIndex.Of(request) ?? "", context);
        }
        catch (AnnException e)
        {
            Note(RequestedIndex.Of(request) ?? "", context, e);
            throw;
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        StartReader<TRequest> reader = new(requestStream);
        try
        {
            await continuation(reader, responseStream, context);
        }
        catch (AnnException e)
        {
            Note(reader.Index, context, e);
            throw;
        }
    }

    private async Task<TResponse> WatchAsync<TResponse>(Task<TResponse> call, string index, ServerCallContext context)
    {
        try
        {
            return await call;
        }
        catch (AnnException e)
        {
            Note(index, context, e);
            throw;
        }
    }

    private void Note(string reference, ServerCallContext context, AnnException e)
    {
        if (gate.IsDraining)
            return; // the server is stopping, and has said so
        string name = reference.Split('@')[0];
        string generation = ServingGeneration.Of(catalog, name);
        // Names of nothing share one tally, or callers could fill the memory with them.
        string index = catalog.Indexes.Any(one => one.Name == name) ? name : "";
        Tally tally = _tallies.GetOrAdd((index, e.Error), static _ => new Tally());
        int untold;
        lock (tally)
        {
            if (tally.ToldAt is long told && time.GetElapsedTime(told) < Pause)
            {
                tally.Untold++;
                return;
            }
            untold = tally.Untold;
            tally.Untold = 0;
            tally.ToldAt = time.GetTimestamp();
        }
        Refused(ServingGeneration.Shown(name), generation, context.Method, e.Error, e.Message, untold);
    }

    [LoggerMessage(EventId = 59, Level = LogLevel.Warning,
        Message = "Index {Index}@{Generation}: {Method} was refused, {Error}: {Reason} {Untold} others like it were not told.")]
    private partial void Refused(string index, string generation, string method, AnnError error, string reason, int untold);

    private sealed class Tally
    {
        public long? ToldAt { get; set; }

        public int Untold { get; set; }
    }

    /// <summary>Keeps the name of the index that the first frame of a stream has.</summary>
    private sealed class StartReader<T>(IAsyncStreamReader<T> frames) : IAsyncStreamReader<T>
    {
        public string Index { get; private set; } = "";

        public T Current
        {
            get
            {
                T frame = frames.Current;
                if (frame is WriteFrame { FrameCase: WriteFrame.FrameOneofCase.Start } first)
                    Index = first.Start.Index;
                return frame;
            }
        }

        public Task<bool> MoveNext(CancellationToken cancellationToken) => frames.MoveNext(cancellationToken);
    }
}
