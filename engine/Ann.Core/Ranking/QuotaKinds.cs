using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Ann.Core.Ranking;

/// <summary>Candidates that count for the same slots and floors are of a kind: of each only the best few can be chosen.</summary>
internal sealed class QuotaKinds
{
    private readonly List<int> _taken = [];

    /// <param name="problem">What is chosen from.</param>
    public QuotaKinds(QuotaProblem problem)
    {
        Of = new int[problem.Count];
        Dictionary<(ulong, ulong), int> kinds = [];
        for (int item = 0; item < Of.Length; item++)
        {
            (ulong, ulong) hash = (
                XxHash3.HashToUInt64(MemoryMarshal.AsBytes(problem.SlotsOf(item))),
                XxHash3.HashToUInt64(MemoryMarshal.AsBytes(problem.FloorsOf(item))));
            if (!kinds.TryGetValue(hash, out Of[item]))
            {
                Of[item] = kinds.Count;
                kinds.Add(hash, Of[item]);
                _taken.Add(0);
            }
        }
    }

    /// <summary>Kind of each candidate.</summary>
    public int[] Of { get; }

    /// <summary>Kinds.</summary>
    public int Count => _taken.Count;

    /// <summary>The candidates that may be chosen beside those that are, best first: of each kind as many as its slots can take.</summary>
    public int[] Free(QuotaState state)
    {
        QuotaProblem problem = state.Problem;
        Span<int> taken = CollectionsMarshal.AsSpan(_taken);
        taken.Clear();
        List<int> free = new(problem.Count);
        for (int item = 0; item < Of.Length; item++)
        {
            if (state.Has(item))
                continue;
            int room = state.Room;
            foreach (int slot in problem.SlotsOf(item))
                room = Math.Min(room, state.FreeOf(slot));
            if (taken[Of[item]]++ < room)
                free.Add(item);
        }
        return [.. free];
    }
}
