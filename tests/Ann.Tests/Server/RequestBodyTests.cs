using System.IO.Pipelines;
using Ann.Server.Admission;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: a caller who resets a call is one who went away, wherever the transport says so.</summary>
[Collection(typeof(ServerTests))]
public sealed class RequestBodyTests(SampleIndexes samples)
{
    [Fact]
    public async Task ACallThatIsResetIsCancelled()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, load: false);
        RequestGauge gauge = server.Part<RequestGauge>();
        using RequestBody body = new(new ResetReader(), gauge.LimitsOf("/ann.v1.Retrieval/Search"), gauge);
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(async () => await body.ReadAsync())).StatusCode);
        Assert.Equal(StatusCode.Cancelled, Assert.Throws<RpcException>(() => body.TryRead(out _)).StatusCode);
        Assert.Equal(StatusCode.Cancelled, Assert.Throws<RpcException>(() => body.AdvanceTo(default)).StatusCode);
    }

    /// <summary>The transport's reader of a call that was reset.</summary>
    private sealed class ResetReader : PipeReader
    {
        public override void AdvanceTo(SequencePosition consumed) => throw Reset();

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => throw Reset();

        public override void CancelPendingRead()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            throw Reset();
        }

        public override bool TryRead(out ReadResult result) => throw Reset();

        private static IOException Reset() => new("The client reset the request stream.");
    }
}
