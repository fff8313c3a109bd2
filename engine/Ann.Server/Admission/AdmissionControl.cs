using Microsoft.Extensions.Options;

namespace Ann.Server.Admission;

/// <summary>The queues of the server. Embedding has its own, so that slow inference cannot hold up searches.</summary>
internal sealed class AdmissionControl(IOptions<ServerOptions> options) : IDisposable
{
    public AdmissionQueue Searches { get; } = new("search", options.Value.MaxConcurrentSearches, options.Value.SearchQueueLimit);

    public AdmissionQueue Embeds { get; } = new("embed", options.Value.MaxConcurrentEmbeds, options.Value.EmbedQueueLimit);

    /// <summary>A stream may stay for hours, so none waits for another.</summary>
    public AdmissionQueue WriteStreams { get; } = new("write stream", options.Value.MaxWriteStreams, 0);

    public AdmissionQueue Writes { get; } = new("write", options.Value.MaxConcurrentWrites, options.Value.WriteQueueLimit);

    public void Dispose()
    {
        Searches.Dispose();
        Embeds.Dispose();
        WriteStreams.Dispose();
        Writes.Dispose();
    }
}
