using System.Diagnostics;
using Ann.Core.Files;

namespace Ann.Core.Segments;

/// <summary>
/// The payloads of a sealed segment, read where they lie in the mapped file. The mapping is shared: a head goes on reading payloads that
/// an update left where they are after the segment was merged away, and all that it keeps of it are pages of the file.
/// </summary>
/// <param name="mapping">Ended when the last holder lets go; the segment is the first.</param>
/// <param name="ends">Where each payload ends, checked.</param>
/// <param name="bytes">The first byte of the first one.</param>
/// <param name="count">Nodes.</param>
internal sealed unsafe class SealedPayloads(FileMapping mapping, long* ends, byte* bytes, int count)
{
    private HolderCount _holders = HolderCount.One;

    /// <summary>The payload of a node; empty when it has none. Valid while the mapping is held.</summary>
    public ReadOnlySpan<byte> this[int node]
    {
        get
        {
            Debug.Assert((uint)node < (uint)count);
            long start = node == 0 ? 0 : ends[node - 1];
            return new ReadOnlySpan<byte>(bytes + start, (int)(ends[node] - start));
        }
    }

    /// <summary>Holds the mapping once more. Somebody holds it.</summary>
    public void Hold()
    {
        bool held = _holders.TryHold();
        Debug.Assert(held, "only a mapping that somebody holds can be held");
    }

    /// <summary>Lets go of the mapping.</summary>
    public void Release()
    {
        if (_holders.Release())
            mapping.Dispose();
    }
}
