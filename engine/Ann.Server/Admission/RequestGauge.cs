using System.IO.Pipelines;
using Ann.Protocol.V1;
using Ann.Server.Telemetry;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Ann.Server.Admission;

/// <summary>
/// Puts a <see cref="RequestBody"/> before the body of each call, ends those that stop coming, and waits for the replies to be read.
/// </summary>
internal sealed class RequestGauge : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>Of health, reflection, and calls that there are not: they name a service or two.</summary>
    private static readonly RequestLimits Others =
        new(CallSight.OtherMethod, Empty.Descriptor, MostBytes: 64 << 10, IsStream: true, HoldsThreads: false);

    private readonly Dictionary<string, RequestLimits> _methods = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private readonly ThreadReserve _threads;
    private readonly CallSight _sight;
    private readonly CallerBook _callers;
    private readonly ITimer _timer;

    public RequestGauge(
        IOptions<ServerOptions> options, ThreadReserve threads, CallSight sight, CallerBook callers, TimeProvider time)
    {
        ServerOptions server = options.Value;
        Budget = new ByteBudget(server.RequestBudget());
        BodyLimit = TimeSpan.FromSeconds(server.BodySeconds);
        IdleLimit = TimeSpan.FromSeconds(server.IdleStreamSeconds);
        ReplyLimit = TimeSpan.FromSeconds(server.ReplySeconds);
        foreach (Google.Protobuf.Reflection.ServiceDescriptor service in IngestReflection.Descriptor.Services
            .Concat(RetrievalReflection.Descriptor.Services).Concat(IndexesReflection.Descriptor.Services))
        {
            bool takesRows = service.FullName == IngestReflection.Descriptor.Services[0].FullName;
            foreach (MethodDescriptor method in service.Methods)
            {
                string name = $"{service.FullName}/{method.Name}";
                _methods[$"/{name}"] = new RequestLimits(
                    name, method.InputType, takesRows ? server.MaxMessageBytes : server.MaxQueryBytes, method.IsClientStreaming,
                    HoldsThreads: service.FullName != RetrievalReflection.Descriptor.Services[0].FullName);
            }
        }
        _time = time;
        _threads = threads;
        _sight = sight;
        _callers = callers;
        _timer = time.CreateTimer(static state => ((RequestGauge)state!).Sweep(), this, Period, Period);
    }

    /// <summary>Bytes of the messages of all calls.</summary>
    public ByteBudget Budget { get; }

    /// <summary>How long the rest of a message may be waited for, and the first of a stream.</summary>
    public TimeSpan BodyLimit { get; }

    /// <summary>How long the next message of a stream may be waited for.</summary>
    public TimeSpan IdleLimit { get; }

    /// <summary>How long a caller may take to read its answer.</summary>
    public TimeSpan ReplyLimit { get; }

    /// <summary>Who makes a call. To be asked once a call.</summary>
    public Caller CallerOf(HttpContext context) => _callers.Of(context);

    /// <summary>What the messages of a method may take.</summary>
    /// <param name="method">Its path, such as <c>/ann.v1.Retrieval/Search</c>.</param>
    public RequestLimits LimitsOf(string method) => _methods.GetValueOrDefault(method, Others);

    /// <summary>Runs a call behind its gauge.</summary>
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        RequestLimits limits = LimitsOf(context.Request.Path.Value ?? "");
        Caller caller = CallerOf(context);
        using RequestBody body = new(context.Request.BodyReader, limits, this) { Meters = limits == Others ? null : caller.Meters?.Own };
        CallBody call = new(body, caller);
        context.Features.Set<IRequestBodyPipeFeature>(call);
        if (limits.HoldsThreads)
            _threads.Hold();
        CallMark mark = _sight.Begin(context, limits.Name);
        try
        {
            await next(context);
            if (call.Room is { } room)
                await ReplyDrain.WaitAsync(context, room.Reckoned, ReplyLimit);
        }
        finally
        {
            call.Room?.Dispose();
            if (limits.HoldsThreads)
                _threads.Release();
            _sight.End(in mark, context, limits.Name, call.IsOwn);
        }
    }

    /// <summary>The bodies that are waited for.</summary>
    internal WatchList Watched { get; } = new();

    /// <summary>The time now, by which waits are told; never 0.</summary>
    internal long Now => Math.Max(1, _time.GetTimestamp());

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Sweep()
    {
        foreach (RequestBody body in Watched.All())
        {
            long since = body.WaitingSince;
            if (since > 0 && _time.GetElapsedTime(since) > (body.IsIdle ? IdleLimit : BodyLimit))
                body.GiveUp();
        }
    }
}

/// <summary>What a call holds: who makes it, the body of its request, and room for its reply.</summary>
/// <param name="body">The body.</param>
/// <param name="caller">Who makes it.</param>
/// <param name="bytes">Length of the request, where no <see cref="RequestBody"/> reads its messages.</param>
internal sealed class CallBody(PipeReader body, Caller caller, long bytes = 0) : IRequestBodyPipeFeature
{
    public PipeReader Reader => body;

    /// <summary>Who makes it.</summary>
    public Caller Caller => caller;

    /// <summary>Bytes of the message that was read last.</summary>
    public long MessageBytes => body is RequestBody read ? read.MessageBytes : bytes;

    /// <summary>Widest beam that the limits of its caller let a search have, nodes.</summary>
    public int MostEf { get; set; } = int.MaxValue;

    /// <summary>What a call holds; null where it came another way.</summary>
    public static CallBody? Of(ServerCallContext context) =>
        context.GetHttpContext().Features.Get<IRequestBodyPipeFeature>() as CallBody;

    /// <summary>Who makes a call; null where all are one.</summary>
    public static Caller? CallerOf(ServerCallContext context) => Of(context)?.Caller;

    /// <summary>Null while nothing was made.</summary>
    public ReplyRoom? Room { get; set; }

    /// <summary>True of a call of the server to itself.</summary>
    public bool IsOwn { get; private set; }

    /// <summary>Notes that a call is the server's own.</summary>
    public static void MarkOwn(HttpContext context)
    {
        if (context.Features.Get<IRequestBodyPipeFeature>() is CallBody body)
            body.IsOwn = true;
    }
}
