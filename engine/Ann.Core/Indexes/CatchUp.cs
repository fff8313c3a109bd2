using Ann.Core.Log;

namespace Ann.Core.Indexes;

/// <summary>
/// Replays the log onto generations that lack the end of it, a piece at a time, between the groups of the writer: what is written
/// meanwhile is logged as ever, and read here in its turn.
/// </summary>
/// <param name="state">The index.</param>
/// <param name="giveUp">Called with a generation that cannot be brought up to the log, and why.</param>
internal sealed class CatchUp(LiveState state, Action<Generation, Exception>? giveUp = null) : IDisposable
{
    /// <summary>Items of a piece: some tens of milliseconds of the writer's time.</summary>
    private const int PieceRows = 1024;

    private readonly Dictionary<Generation, Replay> _replays = [];

    /// <summary>Begins with a generation.</summary>
    /// <returns>Ends when it has every write.</returns>
    public Task Begin(Generation generation)
    {
        Replay replay = new();
        _replays.Add(generation, replay);
        return replay.Done.Task;
    }

    /// <summary>Gives a generation up.</summary>
    public void Forget(Generation generation)
    {
        if (!_replays.Remove(generation, out Replay? replay))
            return;
        replay.Dispose();
        AnnException detached = new(AnnError.FailedPrecondition, $"Generation {generation.Id} was detached.");
        Replies.Post(() => replay.Done.TrySetException(detached));
    }

    /// <summary>Replays a piece onto each that is behind.</summary>
    /// <returns>True when there is more to do at once; false when all are current or wait for a head to be sealed.</returns>
    public bool Step()
    {
        if (_replays.Count == 0)
            return false;
        bool moved = false;
        foreach ((Generation generation, Replay replay) in _replays.ToArray())
        {
            try
            {
                moved |= Step(generation, replay);
            }
            catch (Exception e)
            {
                _replays.Remove(generation);
                replay.Dispose();
                Replies.Post(() => replay.Done.TrySetException(e));
                giveUp?.Invoke(generation, e);
            }
            if (generation.Applied < state.LastSequence || !_replays.Remove(generation))
                continue;
            generation.Role = GenerationRole.Standby;
            replay.Dispose();
            Replies.Post(() => replay.Done.TrySetResult());
        }
        return moved;
    }

    public void Dispose()
    {
        foreach (Replay replay in _replays.Values)
        {
            replay.Dispose();
            Replies.Post(() => replay.Done.TrySetException(AnnException.Closing(state.Home.Name)));
        }
        _replays.Clear();
    }

    private bool Step(Generation generation, Replay replay)
    {
        long from = generation.Applied + 1;
        long last = generation.Applied;
        int rows = 0;
        while (rows < PieceRows && last < state.LastSequence)
        {
            replay.Records ??= state.Wal.Read(last + 1, state.LastSequence).GetEnumerator();
            if (!replay.Records.MoveNext())
            {
                replay.Records.Dispose();
                replay.Records = null;
                continue; // written while it was read
            }
            WalRecord record = replay.Records.Current;
            if (!HasRoom(generation, record))
            {
                replay.Records.Dispose(); // read once more when there is room
                replay.Records = null;
                break;
            }
            generation.Apply(record, from);
            rows += record.Count;
            last = Math.Max(last, record.LastSequence);
        }
        if (last == generation.Applied)
            return false;
        generation.Publish(last);
        return true;
    }

    private static bool HasRoom(Generation generation, WalRecord record)
    {
        try
        {
            return generation.TryMakeRoom(generation.RowsOf(record), generation.PayloadBytesOf(record));
        }
        catch (AnnException e) when (e.Error == AnnError.Overloaded)
        {
            return false; // memory for a head: it waits
        }
    }

    private sealed class Replay : IDisposable
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IEnumerator<WalRecord>? Records { get; set; }

        public void Dispose() => Records?.Dispose();
    }
}
