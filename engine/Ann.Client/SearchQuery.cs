using Ann.Protocol.V1;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Ann.Client;

/// <summary>
/// What a search asks. <see cref="Vectors"/>, <see cref="Texts"/> or features (through <see cref="Refine"/>): one of them. What is left
/// out is as the protocol says (<c>ann/v1/retrieval.proto</c>), which documents range and default of each. May be used again, and by
/// several calls at once as long as nobody changes it.
/// </summary>
public sealed class SearchQuery
{
    /// <summary>The vectors, a row each. A single array is one row.</summary>
    public QueryVectors Vectors { get; init; }

    /// <summary>Texts in place of vectors, which the index's own encoder reads as queries.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];

    /// <summary>Items wanted for each row, 1 to 10,000; of one list where <see cref="Union"/> merges them. Default: 10.</summary>
    public int K { get; init; } = 10;

    /// <summary>Beam width, k to 40,000. Null: what <see cref="RecallTarget"/> asks for, or the server's default.</summary>
    public int? EfSearch { get; init; }

    /// <summary>Recall wanted, above 0 and below 1: the server takes the beam that reaches it.</summary>
    public float? RecallTarget { get; init; }

    /// <summary>Look at every item: exact, and slower in proportion to the index.</summary>
    public bool Exact { get; init; }

    /// <summary>Which items may be returned. Null: all.</summary>
    public ItemFilter? Filter { get; init; }

    /// <summary>A filter that the server knows (<see cref="IndexClient.PrepareFilterAsync"/>), in place of <see cref="Filter"/>.</summary>
    public ulong? PreparedFilter { get; init; }

    /// <summary>Keys of items that must not be returned: what the user has seen.</summary>
    public ItemKeys ExcludeKeys { get; init; }

    /// <summary>The same as a serialised Roaring bitmap of 32-bit keys, at most 16 MiB.</summary>
    public ReadOnlyMemory<byte> ExcludeRoaring { get; init; }

    /// <summary>Names of item sets that the server keeps (<see cref="IndexClient.AppendToSetAsync"/>), at most 16.</summary>
    public IReadOnlyList<string> ExcludeSets { get; init; } = [];

    /// <summary>At most so many items of one value of an attribute: name, and how many.</summary>
    public IReadOnlyList<(string Attribute, int Most)> Caps { get; init; } = [];

    /// <summary>At least so many items that a filter takes.</summary>
    public IReadOnlyList<(ItemFilter Filter, int Least)> Floors { get; init; } = [];

    /// <summary>Diversity, 0 to 1: 1 is by score alone (maximal marginal relevance). Null: none.</summary>
    public float? DiversityLambda { get; init; }

    /// <summary>Merge what all rows find into one list of k: the interests of one user.</summary>
    public bool Union { get; init; }

    /// <summary>Items that each row of a union brings at least.</summary>
    public int UnionLeastPerRow { get; init; }

    /// <summary>Results must score at least this well.</summary>
    public float? MinScore { get; init; }

    /// <summary>Attributes wanted back with the results: <see cref="SearchAnswer.Column"/>.</summary>
    public IReadOnlyList<string> Attributes { get; init; } = [];

    /// <summary>Also return the payloads of the results: <see cref="AnswerHit.Payload"/>.</summary>
    public bool WithPayloads { get; init; }

    /// <summary>
    /// Answer with the best found so far when the deadline comes, in place of failing; <see cref="SearchAnswer.Completeness"/> tells.
    /// Default: true.
    /// </summary>
    public bool BestSoFar { get; init; } = true;

    /// <summary>Encoder that made the vectors, which must be the index's.</summary>
    public ulong? EncoderFingerprint { get; init; }

    /// <summary>The caller's mark for traces and slow queries.</summary>
    public string Tag { get; init; } = "";

    /// <summary>How long the call may take. Null: <see cref="AnnClientOptions.ReadTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Sets what is not said here, on the message that is sent.</summary>
    public Action<SearchRequest>? Refine { get; init; }

    internal SearchRequest ToWire(string index)
    {
        SearchRequest request = new() { Index = index, K = (uint)Math.Max(K, 0), RequestTag = Tag };
        if (!Vectors.IsEmpty)
            request.Queries = Vectors.ToWire();
        if (EfSearch is { } ef)
            request.EfSearch = (uint)Math.Max(ef, 0);
        if (RecallTarget is { } recall)
            request.RecallTarget = recall;
        if (Exact)
            request.Exact = true;
        if (MinScore is { } least)
            request.MinScore = least;
        if (EncoderFingerprint is { } fingerprint)
            request.EncoderFingerprint = fingerprint;
        if (WithPayloads)
            request.WithPayloads = true;
        if (BestSoFar)
            request.OnDeadline = OnDeadline.BestSoFar;
        AddAll(request.Texts, Texts);
        AddAll(request.Attributes, Attributes);
        SetSelection(request);
        SetQuotas(request);
        Refine?.Invoke(request);
        return request;
    }

    private static void AddAll(RepeatedField<string> to, IReadOnlyList<string> from)
    {
        for (int i = 0; i < from.Count; i++)
            to.Add(from[i]);
    }

    private void SetSelection(SearchRequest request)
    {
        if (Filter is { } filter)
            request.Filter = filter.Wire;
        if (PreparedFilter is { } prepared)
            request.PreparedFilter = prepared;
        if (ExcludeKeys.Count + ExcludeRoaring.Length + ExcludeSets.Count == 0)
            return;
        Exclusions exclude = new();
        if (ExcludeKeys.Count > 0)
            exclude.Keys = ExcludeKeys.ToWire();
        if (ExcludeRoaring.Length > 0)
            exclude.Roaring = UnsafeByteOperations.UnsafeWrap(ExcludeRoaring);
        AddAll(exclude.Sets, ExcludeSets);
        request.Exclude = exclude;
    }

    private void SetQuotas(SearchRequest request)
    {
        foreach ((string attribute, int most) in Caps)
            request.Caps.Add(new Cap { Attribute = attribute, Most = (uint)Math.Max(most, 0) });
        foreach ((ItemFilter filter, int least) in Floors)
            request.Floors.Add(new Floor { Filter = filter.Wire, Least = (uint)Math.Max(least, 0) });
        if (DiversityLambda is { } lambda)
            request.Diversity = new Diversity { Lambda = lambda };
        if (Union || UnionLeastPerRow > 0)
            request.Union = new Protocol.V1.Union { LeastPerRow = (uint)Math.Max(UnionLeastPerRow, 0) };
    }
}
