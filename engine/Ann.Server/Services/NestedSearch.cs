using Ann.Core;
using Ann.Protocol.V1;

namespace Ann.Server.Services;

/// <summary>Searches that lie in another request, as <c>search</c> or in a list: their fields are named from there.</summary>
internal static class NestedSearch
{
    private const string Field = "search";

    /// <summary>Answers a request by the search in it.</summary>
    /// <param name="search">The search; null when it is not set.</param>
    /// <param name="run">Answers.</param>
    /// <exception cref="AnnException">As <paramref name="run"/> throws it, its fields as the whole request spells them.</exception>
    public static TResponse Run<TResponse>(SearchRequest? search, Func<SearchRequest, TResponse> run)
    {
        if (search is null)
            throw AnnException.Invalid(Field, $"{Field} is not set; it says what is asked.");
        try
        {
            return run(search);
        }
        catch (AnnException e) when (IsOfSearch(e))
        {
            throw e.Renamed($"{Field}.{e.Field}");
        }
    }

    /// <summary>The same of one of several searches, which its message names too.</summary>
    /// <param name="search">The search.</param>
    /// <param name="path">Where it is in the request, as in <c>searches[3]</c>.</param>
    /// <param name="run">Answers.</param>
    /// <exception cref="AnnException">As <paramref name="run"/> throws it, its fields as the whole request spells them.</exception>
    public static TResponse Run<TResponse>(SearchRequest search, string path, Func<SearchRequest, TResponse> run)
    {
        try
        {
            return run(search);
        }
        catch (AnnException e) when (IsOfSearch(e))
        {
            AnnException named = e.Renamed($"{path}.{e.Field}");
            if (named.Message.StartsWith(path, StringComparison.Ordinal))
                throw named;
            throw new AnnException(e.Error, $"{path}: {e.Message}", e) { Field = named.Field, Violations = e.Violations };
        }
    }

    /// <summary>True when a mistake is in a field of a search; those of the request around it have other names.</summary>
    private static bool IsOfSearch(AnnException e) =>
        e is { Error: AnnError.InvalidArgument or AnnError.FailedPrecondition, Field: { } path }
        && SearchRequest.Descriptor.FindFieldByName(path.Split('.', '[')[0]) is not null;
}
