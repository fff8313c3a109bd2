using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Log;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>Which merges run, and when a request for one segment is met. Every step of the writer is made by hand.</summary>
public sealed class CompactionTests : IDisposable
{
    private readonly SimulatedFileSystem _files = new();
    private readonly MemoryBudget _budget = new(1L << 40);
    private readonly WorkQueue _queue = new();
    private readonly Wal _wal;
    private readonly Generation _first;
    private readonly Generation _second;
    private readonly LiveState _state;
    private readonly Compaction _compaction;

    public CompactionTests()
    {
        _files.CreateDirectory("/live");
        LiveIndexOptions options = new() { HeadRows = 16, MaxSealedSegments = 2 };
        IndexHome home = new(_files, "/live", "live", LiveFixture.Schema(), options, _budget, TimeProvider.System);
        _wal = Wal.Create(_files, "/live", new WalShape(LiveFixture.Dimension, KeyKind.UInt64), 1);
        _first = new Generation(home, "00000000000000aa", default, [], 0) { Role = GenerationRole.Serving };
        _second = new Generation(home, "00000000000000bb", default, [], 0) { Role = GenerationRole.Standby };
        _state = new LiveState(home, _wal, [_first, _second], _first);
        _compaction = new Compaction(_state, _queue);
    }

    public void Dispose()
    {
        _queue.Close();
        _compaction.Dispose();
        _first.Close();
        _second.Close();
        _wal.Dispose();
        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public async Task ARequestIsMetThoughWritesGoOn()
    {
        const int Most = 6;
        Write(0, 40);
        Task done = _compaction.RequestAll();
        int merges = 0;
        for (; merges < Most && _compaction.IsRunning; merges++)
        {
            int key = merges;
            FinishMerge(() => Write(key, 1)); // a row of what was merged dies before the result is installed
        }
        Assert.True(merges < Most, "each merge was found stale, and asked for the next one");
        await done.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void AGenerationWithManyWritesDoesNotKeepAnotherFromBeingSealed()
    {
        Freeze(_second);
        Freeze(_first);
        _compaction.StartIfDue();
        for (int merge = 0; merge < 2; merge++)
        {
            Freeze(_first); // the writes to it go on
            FinishMerge();
        }
        Assert.Equal(0, _second.FrozenCount);
    }

    [Fact]
    public void AMergeOfFilesThatHasNoRoomLeavesHeadsSealed()
    {
        for (int i = 0; i < 3; i++)
        {
            Write(i * 10, 10);
            Freeze(_first);
            if (i == 2)
                _files.FailAt(SimulatedOperation.CreateFile, 2, $".ann.{Environment.ProcessId}.partial"); // the merge of the three
            _compaction.StartIfDue();
            FinishMerge();
        }
        FinishMerge();
        Assert.NotNull(_compaction.Failure);

        Write(30, 10);
        Freeze(_first);
        _compaction.StartIfDue();
        Assert.True(_compaction.IsRunning);
        FinishMerge();
        Assert.Equal(0, _first.FrozenCount);
        Assert.NotNull(_compaction.Failure); // it is still so
    }

    private void FinishMerge(Action? before = null)
    {
        Assert.True(_queue.TryTakeCommand(TimeSpan.FromSeconds(120), out WriterCommand? finish));
        before?.Invoke();
        finish!.Run();
    }

    private void Write(int from, int count)
    {
        WriteBatch batch = LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(from, count));
        WalRecord record = new(WalRecordKind.Upsert, _wal.Next, null, "", 0, batch.Keys, batch.Rows);
        _wal.Append([record]);
        _wal.Flush();
        _state.LastSequence = record.LastSequence;
        _first.Apply(record, 0);
        _first.Publish(record.LastSequence);
    }

    private void Freeze(Generation generation)
    {
        WriteBatch batch = LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range((int)generation.Applied + 100, 1));
        if (generation.Parts[^1].Segment.Count == 0)
        {
            generation.Apply(
                new WalRecord(WalRecordKind.Upsert, generation.Applied + 1, null, "", 0, batch.Keys, batch.Rows), 0);
            generation.Publish(generation.Applied + 1);
            _state.LastSequence = Math.Max(_state.LastSequence, generation.Applied);
        }
        Assert.True(generation.Freeze(generation.Applied + 1));
        generation.Publish(generation.Applied);
    }
}
