using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Microsoft.Extensions.Options;

namespace Ann.Server.Admission;

/// <summary>
/// About how long a read call will hold its place, told from the request alone. Heavy calls wait for places of their own, fewer than there
/// are, so that ordinary ones always find one.
/// </summary>
/// <remarks>
/// Nanoseconds of one core, set by hand to about what was measured; only their order of magnitude counts. What an estimate misses, the time
/// limit of a call bounds.
/// </remarks>
internal sealed class CallWork(IndexCatalog catalog, IOptions<ServerOptions> options)
{
    /// <summary>A node of a beam: expanded, its neighbours estimated, some scored and ranked anew.</summary>
    private const double BeamNs = 1500;

    /// <summary>A row of a scan, whatever its length, and a component of it.</summary>
    private const double RowNs = 6;
    private const double ComponentNs = 0.1;

    /// <summary>An item looked at by a filter or in the order of keys.</summary>
    private const double ItemNs = 20;

    /// <summary>Searches that quotas ask for, by ADR 0018, and what choosing costs for each candidate.</summary>
    private const double QuotaSearches = 10;

    private readonly double _heavyNs = options.Value.HeavySearchMs * 1e6;
    private readonly int _mostSearches = options.Value.MaxRowsPerRequest;

    /// <summary>True when a search holds its place for long.</summary>
    public bool IsHeavy(SearchRequest request) => IsHeavy(request, RowsOf(request.Queries), scans: 0);

    /// <summary>The same of several, whose work is added up.</summary>
    public bool IsHeavy(SearchManyRequest request)
    {
        if (request.Searches.Count > _mostSearches)
            return false; // refused before any is made
        double work = 0;
        foreach (SearchRequest search in request.Searches)
        {
            work += WorkOf(search, request.Index, RowsOf(search.Queries), scans: 0);
            if (work > _heavyNs)
                return true;
        }
        return false;
    }

    /// <summary>The same of a recommendation, whose examples are its rows.</summary>
    public bool IsHeavy(RecommendRequest request)
    {
        long examples = RowsOf(request.PositiveVectors) + RowsOf(request.NegativeVectors) + KeysOf(request.PositiveKeys)
            + KeysOf(request.NegativeKeys);
        bool compares = request.Strategy == RecommendStrategy.BestScore;
        return IsHeavy(request.Search, compares ? examples : 1, scans: 0);
    }

    /// <summary>The same of a range, which may take everything.</summary>
    public bool IsHeavy(RangeRequest request) => IsHeavy(request.Search, RowsOf(request.Search?.Queries), scans: 0);

    /// <summary>The same of an explanation, which ranks the item among all.</summary>
    public bool IsHeavy(ExplainRequest request) => IsHeavy(request.Search, RowsOf(request.Search?.Queries), scans: 2);

    /// <summary>The same of a page, which looks through the items.</summary>
    public bool IsHeavy(ScrollRequest request) => ItemNs * SizeOf(request.Index).Rows > _heavyNs;

    /// <summary>The same of a filter that is evaluated.</summary>
    public bool IsHeavy(PrepareFilterRequest request) => ItemNs * SizeOf(request.Index).Rows > _heavyNs;

    private bool IsHeavy(SearchRequest? request, long rows, int scans) =>
        request is not null && WorkOf(request, request.Index, rows, scans) > _heavyNs;

    /// <summary>Nanoseconds that a search takes, as far as they must be known to tell a heavy one.</summary>
    private double WorkOf(SearchRequest request, string index, long rows, int scans)
    {
        double k = Math.Min(request.K, (uint)SearchParameters.MaxK);
        double ef = Math.Max(k * 1.5, Math.Max(128, Math.Min(request.EfSearch, (uint)SearchParameters.MaxEfSearch)));
        double work = rows * ef * BeamNs;
        bool ranks = request.Caps.Count > 0 || request.Floors.Count > 0 || request.Union is not null;
        bool looksAtAll = request.Exact || scans > 0 || request.Diversity is not null;
        if (ranks)
            work *= QuotaSearches;
        if (looksAtAll && work <= _heavyNs)
        {
            (long items, int dimension) = SizeOf(index);
            if (request.Exact || scans > 0)
                work += rows * (scans + 1) * items * (RowNs + ComponentNs * dimension);
            if (request.Diversity is { } diversity)
            {
                double candidates = diversity.HasCandidates
                    ? Math.Min(diversity.Candidates, (uint)SearchParameters.MaxK)
                    : Math.Max(64, 4 * k);
                work += rows * (candidates * BeamNs * 1.5 + Math.Min(k, candidates) * candidates * ComponentNs * dimension);
            }
        }
        return work;
    }

    private (long Rows, int Dimension) SizeOf(string index)
    {
        using SnapshotLease lease = catalog.Acquire(index);
        return (lease.Snapshot.Rows, lease.Snapshot.Dimension);
    }

    public static long KeysOf(KeyColumn? keys) => keys is null ? 0 : keys.Numbers.Count + keys.Texts.Count;

    /// <summary>Rows of a batch that nobody has checked yet.</summary>
    public static long RowsOf(VectorBatch? batch)
    {
        if (batch is null)
            return 0;
        if (batch.Dim == 0)
            return 1; // all values are one row, and data is refused
        int width = batch.Dtype switch { Dtype.I8 => sizeof(sbyte), Dtype.F16 => sizeof(ushort), _ => sizeof(float) };
        long components = batch.Data.Length / width + batch.Values.Count;
        return Math.Max(1, components / (int)Math.Min(batch.Dim, int.MaxValue));
    }
}
