using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Log;
using Ann.Tests.Files;
using static Ann.Tests.Log.WalFixture;

namespace Ann.Tests.Log;

/// <summary>
/// Goal: after a power cut at any moment the log holds every record that was flushed, none in part, and none that was not written.
/// Method: a script of appends, flushes, rotations and trims, cut at every single operation, with several fates of what was not flushed.
/// </summary>
public sealed class WalCrashTests
{
    private const int Seeds = 12;

    /// <summary>What the script knows at the moment of the cut.</summary>
    private sealed class Ledger
    {
        public List<WalRecord> Appended { get; } = [];

        /// <summary>Sequence after the last item that must be there.</summary>
        public long Flushed { get; set; } = 1;

        /// <summary>Sequence before which items may be gone.</summary>
        public long Trimmed { get; set; } = 1;
    }

    [Fact]
    public void EveryFlushedRecordSurvivesACutAtAnyOperation() => CutEverywhere(static (files, ledger) =>
    {
        using Wal wal = Create(files);
        Script(wal, ledger, files, rounds: 6);
    });

    [Fact]
    public void TheSameForALogThatWasRecoveredAndCutAgain() => CutEverywhere(static (files, ledger) =>
    {
        // A torn tail is there from the start: the cut may come while it is being cut off.
        using (Wal wal = Create(files))
        {
            Append(wal, ledger, 2, count: 2);
            Flush(wal, ledger);
        }
        string path = files.AllFiles[^1];
        using (IAppendFile file = files.OpenAppend(path))
            file.Append(files.ReadAllBytes(path).AsSpan(WalFileHeader.Size, 70));
        using Wal again = Open(files, minimalNext: ledger.Flushed);
        Script(again, ledger, files, rounds: 3);
    });

    [Fact]
    public void AFullDiskInBetweenChangesNothing() => CutEverywhere(static (files, ledger) =>
    {
        using Wal wal = Create(files);
        Append(wal, ledger, 3, count: 2);
        files.FreeBytes = 100;
        AssertOverloaded(() => wal.Append([Record(wal.Next, 2), Record(wal.Next + 2, 3)]));
        files.FreeBytes = 10;
        AssertOverloaded(wal.Rotate);
        Flush(wal, ledger);
        files.FreeBytes = long.MaxValue / 2;
        Script(wal, ledger, files, rounds: 3);
    });

    private static void Script(Wal wal, Ledger ledger, SimulatedFileSystem files, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            Append(wal, ledger, 1 + round % 3, count: 1);
            Flush(wal, ledger);
            Append(wal, ledger, 2, count: 3);
            if (round % 2 == 0)
                Flush(wal, ledger);
            if (round % 3 != 1)
            {
                wal.Rotate();
                ledger.Flushed = wal.Next;
            }
            if (round % 3 == 2)
            {
                ledger.Trimmed = Math.Max(1, ledger.Flushed - 8);
                wal.TrimBefore(ledger.Trimmed, keepBytes: 200);
            }
        }
        Assert.False(files.HasCrashed);
    }

    private static void Append(Wal wal, Ledger ledger, int items, int count)
    {
        List<WalRecord> records = [];
        for (long next = wal.Next; records.Count < count; next += items)
            records.Add(Record(next, items));
        ledger.Appended.AddRange(records);
        wal.Append(records);
    }

    private static void Flush(Wal wal, Ledger ledger)
    {
        wal.Flush();
        ledger.Flushed = wal.Next;
    }

    private static void CutEverywhere(Action<SimulatedFileSystem, Ledger> script)
    {
        SimulatedFileSystem whole = NewFiles();
        long start = whole.Operations;
        script(whole, new Ledger());
        long end = whole.Operations;

        for (long cut = start + 1; cut <= end; cut++)
        {
            SimulatedFileSystem files = NewFiles();
            files.CrashAt(cut);
            Ledger ledger = new();
            SimulatedCrashException crash = Assert.Throws<SimulatedCrashException>(() => script(files, ledger));
            for (int seed = 0; seed < Seeds; seed++)
                Check(files.Recover(seed), ledger, $"{crash.Message}, seed {seed}");
        }
    }

    private static void Check(SimulatedFileSystem files, Ledger ledger, string what)
    {
        try
        {
            using Wal wal = Open(files, minimalNext: ledger.Flushed);
            Assert.True(wal.Next >= ledger.Flushed, $"the log ends before {wal.Next}; {ledger.Flushed} was flushed");
            Assert.True(wal.First <= ledger.Trimmed, $"the log begins at {wal.First}; trimmed was before {ledger.Trimmed}");
            WalRecord[] read = ReadAll(wal);
            AssertSame([.. ledger.Appended.Where(record => record.FirstSequence >= wal.First).Take(read.Length)], read);

            // It goes on, and what it holds now survives whatever comes next.
            WalRecord next = AppendNext(wal, 2);
            wal.Flush();
            using Wal again = Open(files.Recover(0), minimalNext: wal.Next);
            AssertSame([.. read, next], ReadAll(again));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(what, e);
        }
    }

    private static void AssertOverloaded(Action action)
    {
        AnnError? error = null;
        try
        {
            action();
        }
        catch (AnnException e)
        {
            error = e.Error;
        }
        Assert.Equal(AnnError.Overloaded, error);
    }
}
