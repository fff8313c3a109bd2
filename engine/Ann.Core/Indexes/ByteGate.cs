namespace Ann.Core.Indexes;

/// <summary>
/// Lets so many bytes in at once; who comes later waits, in order of arrival. One that is larger than all of it gets in alone.
/// </summary>
/// <param name="limit">Bytes.</param>
internal sealed class ByteGate(long limit)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<(long Bytes, TaskCompletionSource Entered)> _waiting = new();
    private long _inside;

    /// <summary>Waits for room.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while it waited; nothing was taken.</exception>
    public async ValueTask EnterAsync(long bytes, CancellationToken cancellation)
    {
        LinkedListNode<(long Bytes, TaskCompletionSource Entered)> place;
        lock (_lock)
        {
            if (_waiting.Count == 0 && Fits(bytes))
            {
                _inside += bytes;
                return;
            }
            place = _waiting.AddLast((bytes, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        await using CancellationTokenRegistration registration = cancellation.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), place.Value.Entered);
        try
        {
            await place.Value.Entered.Task;
        }
        finally
        {
            lock (_lock)
            {
                if (place.List is not null)
                    _waiting.Remove(place);
            }
        }
    }

    /// <summary>Makes room.</summary>
    public void Leave(long bytes)
    {
        lock (_lock)
        {
            _inside -= bytes;
            while (_waiting.First is { } first && Fits(first.Value.Bytes))
            {
                _waiting.RemoveFirst();
                if (first.Value.Entered.TrySetResult())
                    _inside += first.Value.Bytes;
            }
        }
    }

    private bool Fits(long bytes) => _inside == 0 || bytes <= limit - _inside;
}
