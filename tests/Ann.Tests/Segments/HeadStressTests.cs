using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: readers see whole writes and nothing else while one writer inserts, updates and deletes. Method: every row follows from its key
/// and version, so that a reader can tell what it was given; heads are filled and replaced until the time is up.
/// </summary>
public sealed class HeadStressTests(ITestOutputHelper output)
{
    private const int Seed = 20261128;
    private const int Dimension = 40; // has codes
    private const int Capacity = 6000;
    private const int Keys = 3000;
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Nightly = TimeSpan.FromSeconds(60);

    [Fact]
    public void ReadersWalkWhileTheWriterInserts() =>
        Run(Environment.GetEnvironmentVariable("ANN_NIGHTLY") == "1" ? Nightly : Short);

    private void Run(TimeSpan time)
    {
        int readers = Math.Max(2, Environment.ProcessorCount);
        World world = new();
        using CancellationTokenSource end = new(time);
        using CancellationTokenSource failed = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
        Task<int>[] reading = [.. Enumerable.Range(0, readers).Select(
            reader => Task.Factory.StartNew(() => Read(world, reader, failed), TaskCreationOptions.LongRunning))];
        int heads = 0, rows = 0;
        try
        {
            while (!failed.IsCancellationRequested)
            {
                rows += Fill(world, Seed + heads, failed.Token);
                heads++;
            }
        }
        finally
        {
            failed.Cancel();
            int searches = Task.WhenAll(reading).GetAwaiter().GetResult().Sum();
            world.Replace(null);
            output.WriteLine($"{heads} heads, {rows} rows written, {searches} rounds of {readers} readers, seed {Seed}");
        }
    }

    /// <summary>One head: groups of inserts, updates and deletes, each group published at once.</summary>
    private static int Fill(World world, int seed, CancellationToken end)
    {
        HeadSegment head = new(HeadFixture.Shape(Dimension, Capacity));
        world.Replace(head);
        Random random = new(seed);
        long sequence = 0;
        float[] row = new float[Dimension];
        while (!head.IsFull && !end.IsCancellationRequested)
        {
            int group = random.Next(4) == 0 ? random.Next(1, 200) : random.Next(1, 4);
            HashSet<ulong> written = [];
            List<(int Node, long Sequence)> deaths = [];
            for (int i = 0; i < group && !head.IsFull; i++)
            {
                ulong key = (ulong)random.Next(Keys);
                if (!written.Add(key))
                    continue;
                sequence++;
                int old = head.FindNewest(new ItemKey(key));
                if (old >= 0 && !head.Dead.IsDead(old))
                    deaths.Add((old, sequence));
                if (random.Next(10) == 0)
                    continue; // a delete
                RowOf(key, head.Count, row);
                head.Append(new ItemKey(key), row);
            }
            head.Link();
            foreach ((int node, long at) in deaths)
                head.Dead.Kill(node, at);
            head.Publish(sequence);
        }
        return head.Count;
    }

    private static int Read(World world, int reader, CancellationTokenSource failed)
    {
        try
        {
            Random random = new(Seed + 1000 + reader);
            float[] query = new float[Dimension];
            Neighbor[] results = new Neighbor[20];
            int rounds = 0;
            while (!failed.IsCancellationRequested)
            {
                if (world.Hold() is not { } head)
                    continue;
                ReadPoint at = head.Published;
                for (int i = 0; i < 20; i++, rounds++)
                {
                    ulong key = (ulong)random.Next(Keys);
                    RowOf(key, random.Next(Capacity), query);
                    SearchParameters parameters = new(20, 40, Exact: random.Next(20) == 0);
                    int count = head.Search(query, in parameters, SearchBudget.Unlimited, at, results, out _);
                    CheckResults(head, at, query, results.AsSpan(0, count));
                    CheckFind(head, at, key);
                }
                head.Release();
            }
            return rounds;
        }
        catch
        {
            failed.Cancel();
            throw;
        }
    }

    private static void CheckResults(HeadSegment head, ReadPoint at, float[] query, ReadOnlySpan<Neighbor> results)
    {
        HashSet<int> nodes = [];
        HashSet<ulong> keys = [];
        float last = float.NegativeInfinity;
        Assert.True(results.Length > 0 || at.Rows < 100, $"nothing found among {at.Rows} rows");
        foreach (Neighbor result in results)
        {
            Assert.InRange(result.Node, 0, at.Rows - 1);
            Assert.True(nodes.Add(result.Node), $"node {result.Node} came twice");
            Assert.True(keys.Add(head.KeyOf(result.Node).Number), $"two versions of key {head.KeyOf(result.Node).ToString()}");
            Assert.False(head.Dead.IsDead(result.Node, at.Sequence), $"node {result.Node} is dead at {at.Sequence}");
            Assert.True(result.Distance >= last);
            last = result.Distance;
            CheckRow(head, result.Node);
            Assert.Equal(result.Node, head.Find(head.KeyOf(result.Node), at));
            float distance = 0;
            for (int i = 0; i < Dimension; i++)
                distance += (query[i] - head.Row(result.Node)[i]) * (query[i] - head.Row(result.Node)[i]);
            Assert.Equal(distance, result.Distance, tolerance: 1e-3f);
        }
    }

    private static void CheckFind(HeadSegment head, ReadPoint at, ulong key)
    {
        int node = head.Find(new ItemKey(key), at);
        Assert.True(node < at.Rows);
        if (node < 0)
            return;
        Assert.Equal(key, head.KeyOf(node).Number);
        Assert.False(head.Dead.IsDead(node, at.Sequence));
        CheckRow(head, node);
    }

    private static void CheckRow(HeadSegment head, int node)
    {
        float[] expected = new float[Dimension];
        RowOf(head.KeyOf(node).Number, node, expected);
        Assert.Equal(expected, head.Row(node));
    }

    /// <summary>A place that the key gives, and a step from it that the node gives.</summary>
    private static void RowOf(ulong key, int node, float[] row)
    {
        Random random = new((int)(key % 97));
        Random step = new(unchecked((int)key * 31 + node));
        for (int i = 0; i < Dimension; i++)
            row[i] = random.NextSingle() + 0.1f * step.NextSingle();
    }

    /// <summary>The head of the moment, held by its readers as an index's snapshot would hold it.</summary>
    private sealed class World
    {
        private readonly Lock _lock = new();
        private HeadSegment? _head;

        public HeadSegment? Hold()
        {
            lock (_lock)
            {
                _head?.Hold();
                return _head;
            }
        }

        public void Replace(HeadSegment? head)
        {
            lock (_lock)
            {
                _head?.Release();
                _head = head;
            }
        }
    }
}
