using System.IO.Enumeration;

namespace Ann.Server.Limits;

/// <summary>
/// Limits of whoever fits. With a caller alone: of each such caller, over all indexes. With an index alone: of each such index, for all
/// callers together. With both: of each such caller on each such index. A limit that is not stated is none.
/// </summary>
internal sealed record LimitRule
{
    /// <summary>Longest pattern, in characters.</summary>
    public const int MaxPattern = 256;

    /// <summary>
    /// Callers by kind and name, as <c>key:batch-*</c>, <c>token:*</c>, <c>certificate:ranking</c>, or <c>anonymous</c> where nobody is
    /// asked who he is. <c>*</c> stands for any number of any characters.
    /// </summary>
    public string? Caller { get; init; }

    /// <summary>Indexes by name, without a generation. <c>*</c> stands for any number of any characters.</summary>
    public string? Index { get; init; }

    /// <summary>Calls a second, more than 0; a stream is one.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>Read calls under way at once, those that wait included; 1 and more.</summary>
    public int? ConcurrentSearches { get; init; }

    /// <summary>Rows, keys or texts of one request, or of one block of a stream; 1 and more.</summary>
    public int? RowsPerRequest { get; init; }

    /// <summary>Largest k or limit of a request; 1 and more.</summary>
    public int? K { get; init; }

    /// <summary>Widest beam that a request may ask for, by ef_search or by recall_target, nodes; 1 and more.</summary>
    public int? Ef { get; init; }

    /// <summary>Bytes of requests a second; 1 and more.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>Items written or deleted a second, more than 0.</summary>
    public double? WriteRowsPerSecond { get; init; }

    /// <summary>
    /// Share of the places of searches beside other callers that wait, 0.01 to 100: one of 2 gets twice as much as one of 1. Of callers
    /// alone. Default: 1.
    /// </summary>
    public double? Weight { get; init; }

    /// <summary>True where a caller fits.</summary>
    public bool FitsCaller(string name) => Fits(Caller, name);

    /// <summary>True where an index fits.</summary>
    public bool FitsIndex(string name) => Fits(Index, name);

    /// <summary>What is wrong with it: the end of a sentence each.</summary>
    public IEnumerable<string> Faults()
    {
        if (Caller is null && Index is null)
            yield return "names neither a caller nor an index.";
        foreach ((string name, string? pattern) in new[] { ("caller", Caller), ("index", Index) })
        {
            if (pattern is { Length: 0 or > MaxPattern })
                yield return $"has a {name} of {pattern.Length} characters; it must be 1 to {MaxPattern}.";
        }
        foreach ((string name, double? value, double least) in Numbers())
        {
            if (value is double number && !(number >= least && double.IsFinite(number)))
                yield return FormattableString.Invariant($"has {name} {number}; it must be at least {least}.");
        }
        if (Weight is double weight && !(weight is >= 0.01 and <= 100))
            yield return FormattableString.Invariant($"has weight {weight}; it must be 0.01 to 100.");
        if (Weight is not null && Index is not null)
            yield return "has a weight and an index; a weight is of a caller alone.";
        if (Weight is null && Numbers().All(static one => one.Value is null))
            yield return "states no limit.";
    }

    private static bool Fits(string? pattern, string name) =>
        pattern is not null && FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);

    private IEnumerable<(string Name, double? Value, double Least)> Numbers() =>
    [
        ("requests_per_second", RequestsPerSecond, 0.001),
        ("concurrent_searches", ConcurrentSearches, 1),
        ("rows_per_request", RowsPerRequest, 1),
        ("k", K, 1),
        ("ef", Ef, 1),
        ("bytes_per_second", BytesPerSecond, 1),
        ("write_rows_per_second", WriteRowsPerSecond, 0.001),
    ];
}
