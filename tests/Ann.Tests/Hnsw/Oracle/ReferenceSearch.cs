using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Tests.Hnsw.Oracle;

/// <summary>Algorithms 2 and 5 of Malkov &amp; Yashunin 2018 as the paper writes them: two ordered sets, one node at a time.</summary>
internal static class ReferenceSearch
{
    public static (List<Neighbor> Nearest, int Visited, int Expanded) Run(in HnswGraph graph, Func<int, float> distance, int ef)
    {
        Neighbor entry = new(graph.EntryPoint, distance(graph.EntryPoint));
        int visitedCount = 1;
        for (int level = graph.MaxLevel; level >= 1; level--)
        {
            bool moved = true;
            while (moved)
            {
                moved = false;
                Neighbor from = entry;
                foreach (int node in graph.Neighbors(level, from.Node))
                {
                    Neighbor candidate = new(node, distance(node));
                    visitedCount++;
                    if (candidate < entry)
                    {
                        entry = candidate;
                        moved = true;
                    }
                }
            }
        }

        HashSet<int> visited = [entry.Node];
        SortedSet<Neighbor> candidates = [entry];
        SortedSet<Neighbor> nearest = [entry];
        int expanded = 0;
        while (candidates.Count > 0)
        {
            Neighbor closest = candidates.Min;
            candidates.Remove(closest);
            if (closest > nearest.Max)
                break;
            expanded++;
            foreach (int node in graph.Neighbors(0, closest.Node))
            {
                if (!visited.Add(node))
                    continue;
                visitedCount++;
                Neighbor found = new(node, distance(node));
                if (nearest.Count >= ef && found > nearest.Max)
                    continue;
                candidates.Add(found);
                nearest.Add(found);
                if (nearest.Count > ef)
                    nearest.Remove(nearest.Max);
            }
        }
        return ([.. nearest], visitedCount, expanded);
    }
}
