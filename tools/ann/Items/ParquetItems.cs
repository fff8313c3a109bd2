using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;

namespace Ann.Tool.Items;

/// <summary>Items of a Parquet file: a row each. Holds the wanted columns of one group of rows.</summary>
internal sealed class ParquetItems : ItemReader
{
    private readonly ParquetTable _table;
    private readonly TableColumns _columns;
    private readonly string?[] _texts;
    private ParquetColumn[] _group = [];
    private AttributeBatch? _attributes;
    private int _groups;
    private long _row = -1;

    /// <param name="source">What is wanted.</param>
    /// <param name="stream">The file; owned from here on.</param>
    public ParquetItems(ItemSource source, Stream stream)
        : base(source)
    {
        _table = new ParquetTable(source.Path, stream);
        _columns = TableColumns.Find(source, "schema", _table.Names);
        _texts = new string?[_columns.Texts.Length];
        _attributes = source.Attributes is { } schema ? new AttributeBatch(schema) : null;
    }

    /// <inheritdoc/>
    public override string Place => $"row {_row}";

    /// <inheritdoc/>
    public override double? Fraction => Math.Min(1, (_row + 1.0) / _table.Rows);

    private IEnumerable<int> Wanted => [_columns.Key, .. _columns.Texts, .. _columns.Attributes];

    /// <inheritdoc/>
    public override bool TryRead()
    {
        try
        {
            return ReadNext();
        }
        catch (FormatException e)
        {
            throw Bad(e.Message, e);
        }
        catch (Exception e) when (e is not AnnException)
        {
            throw _table.Damaged(Place, e);
        }
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
        Release();
        _table.Dispose();
    }

    private bool ReadNext()
    {
        while (!MoveAll())
        {
            Release();
            if (_groups == _table.Groups)
                return false;
            _group = [.. Wanted.Select(column => _table.Read(_groups, column))];
            _groups++;
        }
        _row++;
        ReadRow();
        return true;
    }

    private bool MoveAll()
    {
        int moved = _group.Count(static column => column.TryMove());
        return moved == _group.Length
            ? moved > 0
            : moved == 0 ? false : throw new InvalidDataException("columns of one group have different numbers of rows.");
    }

    private void ReadRow()
    {
        ParquetColumn key = _group[0];
        (string? text, ulong number) = key.HasValue ? key.Key() : throw Bad("it has no key.");
        if (text is null)
            SetKey(number);
        else
            SetKey(text);
        bool hasText = false;
        for (int i = 0; i < _texts.Length; i++)
        {
            ParquetColumn column = _group[1 + i];
            _texts[i] = column.HasValue ? column.Text() : null;
            hasText |= _texts[i] is not null;
        }
        if (!hasText)
            throw Bad($"it has no text in {string.Join(" or ", _columns.Texts.Select(column => $"'{_table.Names[column]}'"))}.");
        Text = JsonlItem.Joined(_texts)!;
        for (int column = 0; column < _columns.Attributes.Length; column++)
            _group[1 + _texts.Length + column].AddTo(_attributes!.Columns[column]);
    }

    private void Release()
    {
        foreach (ParquetColumn column in _group)
            column.Dispose();
        _group = [];
    }
}
