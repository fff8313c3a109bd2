using Ann.Core.Indexes;

namespace Ann.Server.Encoders;

/// <summary>
/// An encoder that generations brought along, running. One for all of a fingerprint; open as long as a snapshot holds it.
/// </summary>
/// <param name="served">The encoder, which is closed with this.</param>
/// <param name="closed">Called when nobody holds it any more, before it is closed.</param>
internal sealed class LoadedEncoder(ServedEncoder served, Action<LoadedEncoder> closed) : GenerationEncoder(served.Info.Fingerprint)
{
    /// <summary>The encoder.</summary>
    public ServedEncoder Served => served;

    protected override void Close()
    {
        closed(this);
        served.Retire();
    }
}
