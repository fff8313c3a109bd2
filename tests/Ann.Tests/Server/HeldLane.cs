using Ann.Encoding.Batching;

namespace Ann.Tests.Server;

/// <summary>Holds a thread of encoders in a run until it is disposed.</summary>
internal sealed class HeldLane : IBatchLane, IDisposable
{
    private readonly EncoderThreads _threads;
    private readonly ManualResetEventSlim _end = new();
    private readonly ManualResetEventSlim _begun = new();
    private bool _isTaken;

    public HeldLane(EncoderThreads threads)
    {
        _threads = threads;
        threads.Add(this);
        threads.Wake();
        _begun.Wait();
    }

    public Action? TryTake()
    {
        if (_isTaken)
            return null;
        _isTaken = true;
        _threads.Begin();
        _begun.Set();
        return () =>
        {
            _end.Wait();
            _threads.End();
        };
    }

    public void Close() => _end.Set();

    public void Dispose() => _end.Set();
}
