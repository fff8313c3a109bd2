using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Core.Segments;

namespace Ann.Tests.Server;

/// <summary>An index file as searches see it, without a server.</summary>
internal sealed class IndexFile : IDisposable
{
    private readonly LiveSealedSegment _segment;

    public IndexFile(string path)
    {
        _segment = new LiveSealedSegment(SealedSegment.Open(PhysicalFileSystem.Instance, path));
        Snapshot = new IndexSnapshot("plain", "g", default, [_segment]);
    }

    public IndexSnapshot Snapshot { get; }

    public void Dispose()
    {
        Snapshot.Release();
        _segment.Release();
    }
}
