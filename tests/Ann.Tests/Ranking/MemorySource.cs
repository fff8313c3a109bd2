using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Ranking;
using Ann.Core.Searching;

namespace Ann.Tests.Ranking;

/// <summary>Items in memory, searched by brute force: what an exact index would find.</summary>
internal sealed class MemorySource(Metric metric, float[][] rows, AttributeType[] types, string[][][] values, bool[][] kinds)
    : ICandidateSource
{
    public int Searches { get; private set; }

    public Metric Metric => metric;

    public int Dimension => rows[0].Length;

    public CapSlots Slots { get; } = new(types.Select(static type => AttributeTraits.Of(type).Form));

    public int Count => rows.Length;

    public static MemorySource Random(Random random, Metric metric, int count, int caps, int floors, int mostValues)
    {
        bool[] isSet = [.. Enumerable.Range(0, caps).Select(_ => random.Next(3) == 0)];
        int[] values = [.. Enumerable.Range(0, caps).Select(_ => random.Next(1, mostValues + 1))];
        string[][][] own = new string[count][][];
        for (int item = 0; item < count; item++)
        {
            own[item] = new string[caps][];
            for (int cap = 0; cap < caps; cap++)
            {
                int elements = isSet[cap] ? random.Next(3) : random.Next(10) == 0 ? 0 : 1;
                own[item][cap] = [.. Enumerable.Range(0, elements).Select(_ => $"v{random.Next(values[cap])}").Distinct()];
            }
        }
        return new MemorySource(
            metric,
            [.. Enumerable.Range(0, count).Select(_ => Row(random, metric))],
            [.. isSet.Select(set => set ? AttributeType.KeywordSet : AttributeType.Keyword)],
            own,
            [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, floors).Select(_ => random.Next(5) == 0).ToArray())]);
    }

    public static float[] Row(Random random, Metric metric)
    {
        float[] row = [.. Enumerable.Range(0, 4).Select(_ => random.NextSingle() - 0.3f)];
        float norm = metric == Metric.Cosine ? MathF.Sqrt(row.Sum(x => x * x)) : 1;
        return Array.ConvertAll(row, x => x / norm);
    }

    public float[] RowOf(int item) => rows[item];

    public string[] ValuesOf(int item, int cap) => values[item][cap];

    public bool IsOf(int floor, int item) => kinds[item][floor];

    public float Distance(ReadOnlySpan<float> query, int item)
    {
        float sum = 0;
        for (int i = 0; i < query.Length; i++)
        {
            float difference = query[i] - rows[item][i];
            sum += metric == Metric.L2 ? difference * difference : -query[i] * rows[item][i];
        }
        return sum;
    }

    public double Score(double distance) => metric == Metric.L2 ? -Math.Sqrt(Math.Max(0, distance)) : -distance;

    public int Nearest(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, Refinement refinement, Span<SearchHit> hits,
        out SearchStatistics statistics)
    {
        parameters.Validate();
        Searches++;
        List<SearchHit> found = [];
        foreach (int item in Left(refinement))
            found.Add(new SearchHit(0, item, Distance(query, item)));
        SearchHit[] nearest = [.. found.OrderBy(hit => hit.Distance).ThenBy(hit => hit.Node).Take(parameters.K)];
        nearest.CopyTo(hits);
        statistics = new SearchStatistics { Visited = found.Count, Stopped = budget.Check() };
        return nearest.Length;
    }

    public long Matching => rows.Length;

    public int Best(
        ExampleScores scores, in SearchBudget budget, Refinement refinement, Span<SearchHit> hits, out SearchStatistics statistics)
    {
        Searches++;
        SearchHit[] best = [.. Left(refinement).Select(item => new SearchHit(0, item, scores.DistanceOf(rows[item], out _)))
            .OrderBy(hit => hit.Distance).ThenBy(hit => hit.Node).Take(hits.Length)];
        best.CopyTo(hits);
        statistics = new SearchStatistics { Visited = rows.Length, Stopped = budget.Check() };
        return best.Length;
    }

    public void AddSlotsOf(SearchHit hit, List<int> slots)
    {
        for (int cap = 0; cap < types.Length; cap++)
            foreach (string value in values[hit.Node][cap])
                slots.Add(Slots.Of(cap, System.Text.Encoding.UTF8.GetBytes(value)));
    }

    public bool IsOf(int floor, SearchHit hit) => kinds[hit.Node][floor];

    public int CompareKeys(SearchHit a, SearchHit b) => a.Node.CompareTo(b.Node);

    public ReadOnlySpan<float> RowOf(SearchHit hit) => rows[hit.Node];

    public void Dispose()
    {
    }

    private IEnumerable<int> Left(Refinement refinement)
    {
        for (int item = 0; item < rows.Length; item++)
        {
            bool isLeft = true;
            for (int floor = 0; floor < kinds[item].Length; floor++)
                isLeft &= (refinement.Floors >> floor & 1) == 0 || kinds[item][floor];
            foreach (int slot in refinement.FullSlots)
                isLeft &= !values[item][Slots[slot].Cap].Contains(Slots[slot].Text);
            if (isLeft)
                yield return item;
        }
    }
}
