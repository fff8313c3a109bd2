using Ann.Protocol.V1;

namespace Ann.Tool.Queries;

/// <summary>Why an item is in an answer or not, for a person.</summary>
internal static class VerdictText
{
    /// <summary>Prints the verdict, the server's words and what belongs to it.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="request">What was asked, for names of caps.</param>
    /// <param name="response">The answer.</param>
    public static void Print(TextWriter text, ExplainRequest request, ExplainResponse response)
    {
        string key = request.Key.Texts.Count > 0 ? PrintedText.Of(request.Key.Texts[0]) : $"{request.Key.Numbers[0]}";
        text.WriteLine($"{key}: {Word(response.Verdict)}");
        if (response.Explanation.Length > 0)
            text.WriteLine($"  {response.Explanation}");
        if (response.HasScore)
            text.WriteLine($"  score         {response.Score:F4}, nearest to query {response.Row}");
        if (response.HasPosition)
            text.WriteLine($"  position      {response.Position}");
        if (response.HasExactRank)
            text.WriteLine($"  exact rank    {response.ExactRank:N0}");
        foreach (string clause in response.FailedClauses)
            text.WriteLine($"  not met       {clause}");
        foreach (string source in response.ExcludedBy)
            text.WriteLine($"  excluded by   {source}");
        foreach (uint cap in response.CappedBy)
            text.WriteLine($"  capped by     {CapText(request, cap)}");
        if (response.Verdict is Verdict.NoSuchItem)
            return;
        text.WriteLine($"  reachable     {(response.Reachable ? "yes" : "no")}");
        if (response.HasNeededEf)
            text.WriteLine($"  needs ef      {response.NeededEf}");
        text.WriteLine($"  generation    {response.Generation}");
    }

    /// <summary>A verdict in words.</summary>
    public static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Returned => "returned",
        Verdict.NoSuchItem => "no such item",
        Verdict.Filtered => "filtered out",
        Verdict.Excluded => "excluded",
        Verdict.BelowMinScore => "below the least score",
        Verdict.Outranked => "outranked",
        Verdict.Capped => "capped",
        Verdict.Displaced => "displaced",
        Verdict.MissedByWalk => "missed by the walk",
        Verdict.Unreachable => "unreachable",
        _ => "no verdict",
    };

    private static string CapText(ExplainRequest request, uint cap) => cap < request.Search.Caps.Count
        ? $"at most {request.Search.Caps[(int)cap].Most} of each {request.Search.Caps[(int)cap].Attribute}"
        : $"cap {cap}";
}
