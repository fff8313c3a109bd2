using Ann.Core.Keys;
using Ann.Core.Searching;

namespace Ann.Core.Attributes;

/// <summary>From keys to nodes of a segment and back: all that a filter asks of a segment beside its attributes.</summary>
internal interface INodeLookup
{
    /// <summary>What keys are.</summary>
    KeyKind KeyKind { get; }

    /// <summary>
    /// The node of a key that a reader may see; −1 when it sees none. A node that is dead may be given too. In a segment that gets no
    /// further nodes it is the same for every reader, so that what is made of it may be kept.
    /// </summary>
    int Locate(in ItemKey key, ReadPoint at);

    /// <summary>The key of a node. Valid while the segment is held.</summary>
    ItemKey KeyOf(int node);
}
