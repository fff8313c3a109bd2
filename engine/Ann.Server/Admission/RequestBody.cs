using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Ann.Core;
using Ann.Server.Errors;
using Ann.Server.Limits;
using Google.Protobuf.Reflection;

namespace Ann.Server.Admission;

/// <summary>What the messages of one method may take.</summary>
/// <param name="Name">Service and method, as metrics and traces tell it.</param>
/// <param name="Message">What its requests are.</param>
/// <param name="MostBytes">Of one message.</param>
/// <param name="IsStream">True where many messages follow each other.</param>
/// <param name="HoldsThreads">True where the call may keep a thread for long, and nothing else tells of it.</param>
internal sealed record RequestLimits(string Name, MessageDescriptor Message, int MostBytes, bool IsStream, bool HoldsThreads);

/// <summary>
/// The body of a call as the transport reads it: each message is charged to the budget of all calls when its length is known, before it is
/// there; what it will take once it is parsed is charged before it is parsed; and a body that stops coming ends its call.
/// </summary>
/// <remarks>
/// The transport reads whole messages: it examines what there is until one is complete, and then consumes it. So what a read returns begins
/// with the five bytes of a frame: a flag and the length, big-endian (gRPC over HTTP/2, "Length-Prefixed-Message").
/// </remarks>
internal sealed class RequestBody(PipeReader inner, RequestLimits limits, RequestGauge gauge) : PipeReader, IDisposable
{
    private const int PrefixBytes = 5;
    private const int NotWatched = int.MinValue;

    private ReadOnlySequence<byte> _last;
    private long _length = -1; // of the message that is coming; −1 while its prefix is not there
    private bool _isWeighed;
    private bool _hadOne;
    private long _charged;
    private long _messageBytes;
    private long _waitingSince;
    private int _place = NotWatched;

    /// <summary>When the read under way began, of the server's clock; 0 while nothing is waited for.</summary>
    public long WaitingSince => Volatile.Read(ref _waitingSince);

    /// <summary>Bytes of the message that was read last.</summary>
    public long MessageBytes => _messageBytes;

    /// <summary>What its caller has taken of his limits: a call that they will refuse is not read. Null for none.</summary>
    public LimitMeters? Meters { get; init; }

    /// <summary>True between two messages of a stream: its client may take its time.</summary>
    public bool IsIdle => limits.IsStream && _hadOne && _length < 0;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            ValueTask<ReadResult> reading = inner.ReadAsync(cancellationToken);
            return reading.IsCompletedSuccessfully ? new(Look(reading.Result)) : LaterAsync(reading);
        }
        catch (IOException)
        {
            throw Gone();
        }
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        try
        {
            if (!inner.TryRead(out result))
                return false;
        }
        catch (IOException)
        {
            throw Gone();
        }
        Look(result);
        return true;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_last.Slice(0, consumed).Length >= PrefixBytes)
        {
            _hadOne = true;
            _length = -1;
            _isWeighed = false;
        }
        _last = default;
        try
        {
            inner.AdvanceTo(consumed, examined);
        }
        catch (IOException)
        {
            throw Gone(); // The transport's reader looks at the state of the call here, too.
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <summary>The call is over.</summary>
    public void Dispose()
    {
        if (_place != NotWatched)
            gauge.Watched.Remove(this, _place);
        _place = NotWatched;
        gauge.Budget.Release(_charged);
        _charged = 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> LaterAsync(ValueTask<ReadResult> reading)
    {
        if (_place == NotWatched)
            _place = gauge.Watched.Add(this);
        Volatile.Write(ref _waitingSince, gauge.Now);
        ReadResult result;
        try
        {
            result = await reading;
        }
        catch (IOException)
        {
            throw Gone();
        }
        if (Interlocked.Exchange(ref _waitingSince, 0) < 0)
        {
            TimeSpan limit = IsIdle ? gauge.IdleLimit : gauge.BodyLimit;
            throw Refuse(AnnError.Unavailable, $"The body of the call stopped coming for {limit.TotalSeconds} s.", null);
        }
        return Look(result);
    }

    /// <summary>Marks the read under way as one that took too long, and ends it.</summary>
    internal void GiveUp()
    {
        long since = WaitingSince;
        if (since > 0 && Interlocked.CompareExchange(ref _waitingSince, -1, since) == since)
            inner.CancelPendingRead();
    }

    private ReadResult Look(ReadResult result)
    {
        _last = result.Buffer;
        if (_length < 0 && _last.Length >= PrefixBytes)
            Begin();
        if (_length >= 0 && !_isWeighed && _last.Length >= PrefixBytes + _length)
        {
            long weight = MessageWeight.Of(_last.Slice(PrefixBytes, _length), limits.Message);
            Charge(_length + weight, "parsed");
            _isWeighed = true;
        }
        return result;
    }

    private void Begin()
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        _last.Slice(0, PrefixBytes).CopyTo(prefix);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (length > (uint)limits.MostBytes)
        {
            throw Refuse(
                AnnError.Overloaded, $"A message of {length} bytes; {limits.Message.Name} takes at most {limits.MostBytes}.",
                StatusDetails.TooLarge);
        }
        if (!_hadOne && Meters?.Foresee() is { } refusal)
            throw StatusDetails.ToRpcException(refusal, static text => text);
        gauge.Budget.Release(_charged); // of the message before
        _charged = 0;
        _length = _messageBytes = length;
        Charge(length, "read");
    }

    private void Charge(long bytes, string what)
    {
        long more = bytes - _charged;
        if (more <= 0)
            return;
        if (!gauge.Budget.TryTake(more))
        {
            throw Refuse(
                AnnError.Overloaded,
                $"The message takes {bytes} bytes of memory when it is {what}; messages under way hold {gauge.Budget.Used - _charged} of "
                + $"the {gauge.Budget.Limit} that RequestBudgetBytes allows.", "memory");
        }
        _charged += more;
    }

    /// <summary>The caller has reset the call: gRPC would write any other exception to the log as a failure of the server's.</summary>
    private static Grpc.Core.RpcException Gone() => new(new Grpc.Core.Status(Grpc.Core.StatusCode.Cancelled, "The caller went away."));

    private static Grpc.Core.RpcException Refuse(AnnError error, string message, string? field) =>
        StatusDetails.ToRpcException(new AnnException(error, message) { Field = field }, static text => text);
}
