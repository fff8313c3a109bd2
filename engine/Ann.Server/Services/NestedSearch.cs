using Ann.Core;
using Ann.Protocol.V1;

namespace Ann.Server.Services;

/// <summary>Searches that lie in another request, as <c>search</c>: their fields are named from there.</summary>
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
        catch (AnnException e) when (
            e is { Error: AnnError.InvalidArgument or AnnError.FailedPrecondition, Field: { } field } && IsOfSearch(field))
        {
            throw e.Renamed($"{Field}.{field}");
        }
    }

    /// <summary>True when a path begins with a field of a search; those of the request around it have other names.</summary>
    private static bool IsOfSearch(string path) =>
        SearchRequest.Descriptor.FindFieldByName(path.Split('.', '[')[0]) is not null;
}
