using System.Globalization;
using Ann.Core.Attributes;
using Ann.Core.Segments;

namespace Ann.Tool.Evaluation;

/// <summary>
/// How often items with each value of an attribute are in answers. Doubles and times are left out: hardly two of them are alike.
/// </summary>
/// <param name="segment">Whose items.</param>
internal sealed class AnsweredValues(SealedSegment segment)
{
    /// <summary>Stands for items without a value.</summary>
    public const string None = "(none)";

    private readonly Dictionary<(string Attribute, string Value), long> _counts = [];
    private long _items;

    /// <summary>Counts an item of an answer.</summary>
    public void Add(int node)
    {
        _items++;
        if (segment.Attributes is not { } table)
            return;
        for (int column = 0; column < table.Schema.Count; column++)
        {
            AttributeField field = table.Schema.Fields[column];
            foreach (string value in ValuesOf(table, column, field.Traits, node))
                _counts[(field.Name, value)] = _counts.GetValueOrDefault((field.Name, value)) + 1;
        }
    }

    /// <summary>The values that were counted.</summary>
    public IEnumerable<(string Attribute, string Value)> Values => _counts.Keys;

    /// <summary>Share of the counted items that have a value, 0 to 1.</summary>
    public double ShareOf((string Attribute, string Value) value) => _items == 0 ? 0 : (double)_counts.GetValueOrDefault(value) / _items;

    private IEnumerable<string> ValuesOf(AttributeTable table, int column, AttributeTraits traits, int node)
    {
        int nodes = segment.Count;
        if (traits.IsTime)
            return [];
        if (!Bit(table.Presence(column, nodes), node))
            return traits.CanBeCapped ? [None] : [];
        return traits.Form switch
        {
            AttributeForm.Text => [Text(table.KeywordAt(column, table.Keywords(column, nodes)[node]))],
            AttributeForm.TextSet => [.. table.SetOf(column, node).ToArray().Select(ordinal => Text(table.KeywordAt(column, ordinal)))],
            AttributeForm.Integer => [table.Integers(column, nodes)[node].ToString(CultureInfo.InvariantCulture)],
            AttributeForm.Real => [],
            AttributeForm.Bit => [Bit(table.Bools(column, nodes), node) ? "true" : "false"],
        };
    }

    private static bool Bit(ReadOnlySpan<ulong> words, int node) => (words[node >> 6] >> (node & 63) & 1) != 0;

    private static string Text(ReadOnlySpan<byte> utf8) => System.Text.Encoding.UTF8.GetString(utf8);
}
