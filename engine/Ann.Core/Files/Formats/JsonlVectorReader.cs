using Ann.Core.Attributes;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>Vectors of a JSONL file: <c>{"id": 17, "vector": [0.1, …]}</c> a line.</summary>
internal sealed class JsonlVectorReader : VectorReader
{
    private readonly JsonlItemReader _items;

    /// <param name="stream">
    /// The lines. Its first item sets the dimension and the kind of keys. It is read twice: its position can be set to 0.
    /// </param>
    /// <param name="path">What it is called, for messages.</param>
    /// <param name="attributes">Members that are attributes; null for none.</param>
    public JsonlVectorReader(Stream stream, string path, AttributeSchema? attributes)
    {
        _items = new JsonlItemReader(stream, path, attributes);
        Dimension = _items.Item.Vector.Length;
        if (Dimension > 0)
            return;
        bool hasText = _items.Item.Document is not null;
        _items.Dispose();
        throw AnnException.BadInput(path, "", hasText
            ? "its first item has a text and no \"vector\"; make vectors of it first: ann encode --input FILE.jsonl --output FILE.npy."
            : "its first item has no \"vector\", an array of 1 or more numbers.");
    }

    public override string Path => _items.Path;

    public override long Count => _items.Count;

    public override int Dimension { get; }

    public override KeyColumn Keys => _items.Keys;

    public override int ReadRows(Span<float> destination)
    {
        int wanted = destination.Length / Dimension;
        ArgumentOutOfRangeException.ThrowIfZero(wanted, nameof(destination));
        for (int row = 0; row < wanted; row++)
        {
            if (!_items.TryRead())
                return row;
            JsonlItem item = _items.Item;
            if (!item.HasVector)
                throw _items.Bad("it has no \"vector\".");
            if (item.Vector.Length != Dimension)
                throw _items.Bad($"expected a \"vector\" of {Dimension} components, as in the first item; found {item.Vector.Length}.");
            item.Vector.CopyTo(destination[(row * Dimension)..]);
        }
        return wanted;
    }

    public override AttributeBatch? TakeAttributes() => _items.Item.Attributes?.Take();

    public override string Place(long row) => _items.Place(row);

    public override void Dispose() => _items.Dispose();
}
