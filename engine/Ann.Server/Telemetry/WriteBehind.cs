using System.Threading.Channels;

namespace Ann.Server.Telemetry;

/// <summary>
/// What calls leave to be written, taken by a thread of its own, so that no call waits for a disk. It holds a number of things and of bytes
/// at most; what comes faster than it is written is refused.
/// </summary>
/// <typeparam name="T">What is written.</typeparam>
internal sealed class WriteBehind<T>
{
    private const long MostWaitingBytes = 8 << 20;

    /// <summary>How long what waits may take when the server stops.</summary>
    private static readonly TimeSpan LastWriting = TimeSpan.FromSeconds(2);

    private readonly Channel<T> _waiting;
    private readonly Func<T, int> _bytesOf;
    private readonly Action<T> _write;
    private readonly Task _writing;
    private long _waitingBytes;

    /// <summary>Begins to wait for what is to be written.</summary>
    /// <param name="most">Things that may wait.</param>
    /// <param name="bytesOf">What one holds.</param>
    /// <param name="write">Writes one, and does not throw. Called by one thread at a time.</param>
    public WriteBehind(int most, Func<T, int> bytesOf, Action<T> write)
    {
        _waiting = Channel.CreateBounded<T>(
            new BoundedChannelOptions(most) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        _bytesOf = bytesOf;
        _write = write;
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Takes one to be written; false where there is no room.</summary>
    public bool TryAdd(T one)
    {
        int bytes = _bytesOf(one);
        if (Interlocked.Add(ref _waitingBytes, bytes) <= MostWaitingBytes && _waiting.Writer.TryWrite(one))
            return true;
        Interlocked.Add(ref _waitingBytes, -bytes);
        return false;
    }

    /// <summary>Writes what waits; nothing more is taken.</summary>
    /// <returns>False where it took too long, and is still being written.</returns>
    public bool TryEnd()
    {
        _waiting.Writer.TryComplete();
        return _writing.Wait(LastWriting);
    }

    private async Task WriteAsync()
    {
        await foreach (T one in _waiting.Reader.ReadAllAsync())
        {
            _write(one);
            Interlocked.Add(ref _waitingBytes, -_bytesOf(one));
        }
    }
}
