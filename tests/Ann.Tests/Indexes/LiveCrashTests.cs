using System.Globalization;
using System.IO.Hashing;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>
/// The power is cut at every single file operation of a script, with what was not flushed lost, kept or torn. Afterwards every
/// acknowledged write is there, and no other is half there. The operations of the threads come in an order that a seed decides.
/// </summary>
public sealed class LiveCrashTests(ITestOutputHelper output)
{
    private const string RestoredDirectory = "/data/restored";

    /// <summary>Seeds of the order of operations: each gives one order, and each order other states to recover from.</summary>
    public static TheoryData<int> Orders =>
        [.. Enumerable.Range(1, Environment.GetEnvironmentVariable("ANN_NIGHTLY") == "1" ? 40 : 1)];

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task EveryAcknowledgedWriteSurvivesACrashAtAnyOperation(int order)
    {
        SimulatedFileSystem whole = new();
        await using CrashScript toTheEnd = new(whole, order);
        await toTheEnd.RunAsync();
        SimulatedFileSystem ended = whole.Recover(1);
        Require(ended, toTheEnd, "at the end");
        Require(ended, RestoredDirectory, "the copy at the end", toTheEnd.Copied);
        long operations = whole.Operations;
        output.WriteLine($"seed {order}: {operations} operations, hash of their order {Hash(whole):x16}");

        int checks = 0;
        for (long at = 1; at <= operations; at++)
        {
            SimulatedFileSystem files = new();
            files.CrashAt(at);
            CrashScript script = new(files, order);
            await using (script)
            {
                try
                {
                    await script.RunAsync();
                }
                catch (Exception e) when (files.HasCrashed)
                {
                    _ = e; // whatever the crash looked like to the script
                }
            }
            string when = $"seed {order}, crash at operation {at}, {whole.Trace[(int)at - 1]}";
            Assert.Equal(whole.Trace.Take((int)at), files.Trace); // otherwise some states are tried twice, and others never
            foreach (int seed in (int[])[0, 1, (int)at + 2])
            {
                SimulatedFileSystem recovered = files.Recover(seed);
                Require(recovered, script, $"{when}, recovered with seed {seed}");
                checks++;
            }
        }
        output.WriteLine($"{checks} recoveries");
    }

    private static ulong Hash(SimulatedFileSystem files) =>
        XxHash3.HashToUInt64(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', files.Trace)));

    private static void Require(SimulatedFileSystem files, CrashScript script, string when)
    {
        if (files.FileExists($"{CrashScript.CopyDirectory}/{SnapshotDirectory.ListFile}"))
            SnapshotDirectory.Restore(files, CrashScript.CopyDirectory, RestoredDirectory); // a copy with its list is whole
        if (!LiveIndex.Exists(files, CrashScript.IndexDirectory))
        {
            Assert.False(script.IsCreated, $"{when}: the index is gone");
            return;
        }
        Require(files, CrashScript.IndexDirectory, when, script.Known, script.Possible);
    }

    /// <summary>An index opens, and holds one of some contents.</summary>
    private static void Require(
        SimulatedFileSystem files, string directory, string when, params Dictionary<ulong, ItemVersion>[] expected)
    {
        LiveIndex index;
        try
        {
            index = CrashScript.Open(files, directory);
        }
        catch (AnnException e)
        {
            Assert.Fail($"{when}: {e}");
            return;
        }
        try
        {
            string found = Content(index, when);
            string[] allowed = [.. expected.Select(Text)];
            if (!allowed.Contains(found))
                Assert.Fail($"{when}: found\n{found}\nacknowledged\n{allowed[0]}\npossible\n{allowed[^1]}");
        }
        finally
        {
            index.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>What each item has; the version of its row is told by the row, which no other has.</summary>
    private static string Content(LiveIndex index, string when)
    {
        using SnapshotLease lease = index.Acquire();
        List<string> found = [];
        for (ulong key = 0; key < 100; key++)
        {
            if (!lease.Snapshot.TryFind(new ItemKey(key), out SearchHit hit))
                continue;
            float[] row = lease.Snapshot.RowOf(hit).ToArray();
            int version = Enumerable.Range(0, 10).Where(v => row.SequenceEqual(LiveFixture.Row(key, v))).DefaultIfEmpty(-1).First();
            Assert.True(version >= 0, $"{when}: the row of item {key} is none that was ever written");
            AttributeBatch items = new(lease.Snapshot.Attributes);
            lease.Snapshot.CopyAttributes(hit, items);
            string text = version.ToString(CultureInfo.InvariantCulture);
            found.Add($"{key}: {CrashScript.Describe(text, items, lease.Snapshot.PayloadOf(hit))}");
        }
        Assert.Equal(found.Count, lease.Snapshot.Items);
        return string.Join('\n', found);
    }

    private static string Text(Dictionary<ulong, ItemVersion> items) => string.Join(
        '\n', items.OrderBy(static pair => pair.Key).Select(static pair => $"{pair.Key}: {CrashScript.Describe(pair.Key, pair.Value)}"));
}
