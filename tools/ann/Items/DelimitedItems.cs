using Ann.Core.Attributes;
using Ann.Core.Files.Formats;

namespace Ann.Tool.Items;

/// <summary>Items of a text table (<see cref="DelimitedTable"/>).</summary>
internal sealed class DelimitedItems : ItemReader
{
    private readonly InputStream _input;
    private readonly DelimitedTable _table;
    private readonly TableColumns _columns;
    private readonly string?[] _texts;
    private AttributeBatch? _attributes;

    /// <param name="source">What is wanted.</param>
    /// <param name="input">The table; owned from here on.</param>
    /// <param name="delimiter">What stands between fields.</param>
    public DelimitedItems(ItemSource source, InputStream input, string delimiter)
        : base(source)
    {
        _input = input;
        _table = new DelimitedTable(input, source.Name, delimiter);
        _attributes = source.Attributes is { } schema ? new AttributeBatch(schema) : null;
        _columns = TableColumns.Find(source, Place, _table.Names);
        _texts = new string?[_columns.Texts.Length];
    }

    /// <inheritdoc/>
    public override string Place => _table.Place;

    /// <inheritdoc/>
    public override double? Fraction => _input.Fraction;

    /// <inheritdoc/>
    public override bool TryRead()
    {
        if (!_table.TryRead())
            return false;
        SetUntypedKey(_table[_columns.Key]);
        for (int text = 0; text < _texts.Length; text++)
            _texts[text] = _table[_columns.Texts[text]];
        Text = JsonlItem.Joined(_texts)!;
        if (_attributes is not null)
            ReadAttributes(_attributes);
        return true;
    }

    /// <inheritdoc/>
    public override AttributeBatch? TakeAttributes()
    {
        AttributeBatch? taken = _attributes;
        _attributes = taken is null ? null : new AttributeBatch(taken.Schema);
        return taken;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _table.Dispose();
        _input.Dispose();
    }

    private void ReadAttributes(AttributeBatch attributes)
    {
        try
        {
            for (int column = 0; column < _columns.Attributes.Length; column++)
                AttributeText.Read(_table[_columns.Attributes[column]], attributes.Columns[column]);
        }
        catch (FormatException e)
        {
            throw Bad(e.Message, e);
        }
    }
}
