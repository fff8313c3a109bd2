using Ann.Tool.Items;

namespace Ann.Tool.Formats;

/// <summary>Reads of a stream that stays open when this one is closed.</summary>
internal sealed class UnclosedStream(Stream inner) : ForwardStream
{
    public override int Read(Span<byte> buffer) => inner.Read(buffer);
}
