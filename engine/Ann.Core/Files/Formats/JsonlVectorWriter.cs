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
    private static readonly string[] TakenNames = ["id", "_id", "vector", "embedding"];

    private readonly string _path;
    private readonly KeyColumn? _keys;
    private readonly JsonLines _lines = new();

    /// <param name="file">The target; owned from here on.</param>
    /// <param name="rows">Rows that will be written.</param>
    /// <param name="dimension">Components of a row.</param>
    /// <param name="keys">Keys, at least of the rows written so far; null numbers the rows from 0.</param>
    public JsonlVectorWriter(AtomicFile file, long rows, int dimension, KeyColumn? keys)
        : base(file, rows, dimension)
    {
        _path = file.Path;
        _keys = keys;
    }

    public override void Dispose()
    {
        _lines.Dispose();
        base.Dispose();
    }

    private protected override void WriteRows(ReadOnlySpan<float> rows, AttributeBatch? attributes)
    {
        if (attributes?.Schema.Fields.FirstOrDefault(static field => TakenNames.Contains(field.Name)) is { } taken)
        {
            throw AnnException.BadInput(
                _path, "", $"attribute '{taken.Name}' cannot be a member of a line: the name is taken. Write .npy.");
        }
        for (int row = 0; row * Dimension < rows.Length; row++)
            WriteLine(Written + row, rows.Slice(row * Dimension, Dimension), attributes, row);
    }

    private void WriteLine(long row, ReadOnlySpan<float> vector, AttributeBatch? attributes, int item)
    {
        Utf8JsonWriter json = _lines.Begin();
        if (_keys is null)
            json.WriteNumber("id"u8, row);
        else if (_keys.Kind == KeyKind.UInt64)
            json.WriteNumber("id"u8, _keys.Numbers[(int)row]);
        else
            json.WriteString("id"u8, _keys.Utf8((int)row));
        json.WriteStartArray("vector"u8);
        foreach (float component in vector)
            json.WriteNumberValue(component);
        json.WriteEndArray();
        if (attributes is { Count: > 0 })
            AttributeJson.WriteMembers(json, attributes, item);
        _lines.End(Stream);
    }
}
