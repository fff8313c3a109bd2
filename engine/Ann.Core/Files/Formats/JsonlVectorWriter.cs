using System.Text.Json;
using Ann.Core.Attributes;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>
/// Writes <c>{"id": …, "vector": […]}</c> a line, and behind them the attributes. Numbers are the shortest that read back as the same
/// float.
/// </summary>
internal sealed class JsonlVectorWriter : VectorWriter
{
    /// <summary>Members of a line that are no attributes.</summary>
    public static readonly string[] TakenNames = ["id", "_id", "vector", "embedding"];

    private readonly string _path;
    private readonly JsonLines _lines = new();
    private KeyColumn? _keys;
    private long _firstOfKeys;

    /// <param name="file">The target; owned from here on.</param>
    /// <param name="rows">Rows that will be written.</param>
    /// <param name="dimension">Components of a row.</param>
    /// <param name="keys">Keys, at least of the rows written so far; null numbers the rows from 0.</param>
    /// <param name="pack">As of <see cref="VectorWriter"/>.</param>
    public JsonlVectorWriter(AtomicFile file, long rows, int dimension, KeyColumn? keys, Func<Stream, Stream>? pack = null)
        : base(file, rows, dimension, pack)
    {
        _path = file.Path;
        _keys = keys;
    }

    /// <summary>Refuses attributes whose names a line needs for something else.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the attribute.</exception>
    public static void RequireFreeNames(string path, AttributeSchema? attributes)
    {
        if (attributes?.Fields.FirstOrDefault(static field => TakenNames.Contains(field.Name)) is { } taken)
        {
            throw AnnException.BadInput(
                path, "", $"attribute '{taken.Name}' cannot be a member of a line: the name is taken. Write .npy.");
        }
    }

    /// <summary>Takes the keys of the next rows from here on; they begin with the next row's.</summary>
    public void UseKeys(KeyColumn keys)
    {
        _keys = keys;
        _firstOfKeys = Written;
    }

    public override void Dispose()
    {
        _lines.Dispose();
        base.Dispose();
    }

    private protected override void WriteRows(ReadOnlySpan<float> rows, AttributeBatch? attributes)
    {
        RequireFreeNames(_path, attributes?.Schema);
        for (int row = 0; row * Dimension < rows.Length; row++)
            WriteLine(Written + row, rows.Slice(row * Dimension, Dimension), attributes, row);
    }

    private void WriteLine(long row, ReadOnlySpan<float> vector, AttributeBatch? attributes, int item)
    {
        Utf8JsonWriter json = _lines.Begin();
        if (_keys is null)
            json.WriteNumber("id"u8, row);
        else if (_keys.Kind == KeyKind.UInt64)
            json.WriteNumber("id"u8, _keys.Numbers[(int)(row - _firstOfKeys)]);
        else
            json.WriteString("id"u8, _keys.Utf8((int)(row - _firstOfKeys)));
        json.WriteStartArray("vector"u8);
        foreach (float component in vector)
            json.WriteNumberValue(component);
        json.WriteEndArray();
        if (attributes is { Count: > 0 })
            AttributeJson.WriteMembers(json, attributes, item);
        _lines.End(Stream);
    }
}
