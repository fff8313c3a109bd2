using Ann.Protocol.V1;
using Grpc.Core;

namespace Ann.Tool.Load;

/// <summary>What came back.</summary>
/// <param name="Code">OK, or why not.</param>
/// <param name="Response">The answer; null unless OK.</param>
internal readonly record struct LoadAnswer(StatusCode Code, SearchResponse? Response)
{
    /// <summary>Waits for a call: a failure becomes its code.</summary>
    public static async Task<LoadAnswer> OfAsync(Task<SearchResponse?> call)
    {
        try
        {
            return new LoadAnswer(StatusCode.OK, await call.ConfigureAwait(false));
        }
        catch (RpcException e)
        {
            return new LoadAnswer(e.StatusCode, null);
        }
        catch (OperationCanceledException)
        {
            return new LoadAnswer(StatusCode.Cancelled, null);
        }
    }
}

/// <summary>Carries requests to a server.</summary>
internal interface ILoadTransport
{
    /// <summary>Sends request <paramref name="number"/> and gives its answer. Never throws: failures are codes.</summary>
    /// <param name="number">From 0. Which queries it holds follows from it.</param>
    /// <param name="patience">Time to the deadline; null for none.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<LoadAnswer> SendAsync(long number, TimeSpan? patience, CancellationToken cancellation);
}
