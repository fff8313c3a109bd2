using Ann.Protocol.V1;

namespace Ann.Server.Recall;

/// <summary>Searches that the server asks of itself, to warm up: nothing is learnt from them, and they are not counted.</summary>
internal static class OwnCalls
{
    /// <summary>Their <see cref="SearchRequest.RequestTag"/>, which nobody else knows.</summary>
    public static string Tag { get; } = $"warm-up {Guid.NewGuid():N}";

    /// <summary>True for one of them.</summary>
    public static bool Has(SearchRequest request) => request.RequestTag.Length == Tag.Length && request.RequestTag == Tag;
}
