using Ann.Core.Attributes;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>
/// Texts of a JSONL file, streamed in order: <c>{"id": "b-17", "title": "…", "text": "…"}</c> a line. Title and text are joined by a
/// blank when both are there; one of them is enough.
/// </summary>
internal sealed class JsonlTextReader : IDisposable
{
    private readonly JsonlItemReader _items;

    /// <summary>Counts the items of a file in a first pass.</summary>
    /// <param name="files">Where the file is.</param>
    /// <param name="path">The file.</param>
    /// <param name="attributes">Members that are attributes: <see cref="TakeAttributes"/>; null for none.</param>
    /// <exception cref="AnnException">
    /// NotFound: no such file. InvalidArgument: another extension, no items, or a first line that is no item.
    /// </exception>
    public JsonlTextReader(IFileSystem files, string path, AttributeSchema? attributes = null)
    {
        if (!path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase))
            throw AnnException.BadInput(path, "", "texts come as .jsonl: an object with \"id\" and \"text\" a line.");
        _items = new JsonlItemReader(files, path, attributes);
    }

    /// <summary>The file.</summary>
    public string Path => _items.Path;

    /// <summary>Items of the file, 1 or more.</summary>
    public long Count => _items.Count;

    /// <summary>Keys of the items read so far.</summary>
    public KeyColumn Keys => _items.Keys;

    /// <summary>Reads the next texts.</summary>
    /// <param name="texts">Emptied, then filled.</param>
    /// <param name="max">Most texts wanted, 1 or more.</param>
    /// <returns>Texts read; 0 at the end.</returns>
    /// <exception cref="AnnException">InvalidArgument: names the file, the line and what is wrong.</exception>
    public int ReadTexts(List<string> texts, int max)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        texts.Clear();
        while (texts.Count < max && _items.TryRead())
            texts.Add(_items.Item.Document ?? throw _items.Bad("it has neither \"text\" nor \"title\"."));
        return texts.Count;
    }

    /// <summary>Attributes of the texts read since the last call; null when none were asked for.</summary>
    public AttributeBatch? TakeAttributes() => _items.Item.Attributes?.Take();

    /// <summary>The line of an item that has been read, for messages.</summary>
    public string Place(long row) => _items.Place(row);

    /// <summary>Refuses a file in which two items share a key. Call it when every item has been read.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the key and both lines.</exception>
    public void RequireUniqueKeys() => Keys.RequireUnique(Path, Place);

    public void Dispose() => _items.Dispose();
}
