using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;

namespace Ann.Tool.Items;

/// <summary>
/// Vectors of a Parquet file: a list column <c>vector</c> or <c>embedding</c>, and the keys of <c>id</c> or <c>_id</c> where there is one.
/// Holds the wanted columns of one group of rows.
/// </summary>
internal sealed class ParquetVectorReader : VectorReader
{
    private readonly ParquetTable _table;
    private readonly int[] _wanted;
    private readonly bool _hasKeys;
    private readonly AttributeSchema _schema;
    private ParquetColumn[] _group = [];
    private AttributeBatch _attributes;
    private KeyColumn? _keys;
    private bool _isAtRow;
    private int _groups;
    private long _row = -1;

    /// <param name="stream">The file, seekable; owned from here on. Its first row sets the dimension and the kind of keys.</param>
    /// <param name="path">What it is called.</param>
    /// <param name="attributes">Columns that are attributes; null for none.</param>
    public ParquetVectorReader(Stream stream, string path, AttributeSchema? attributes)
    {
        Path = path;
        _schema = attributes ?? AttributeSchema.Empty;
        _attributes = new AttributeBatch(_schema);
        _table = new ParquetTable(path, stream);
        try
        {
            VectorColumns columns = VectorColumns.Find(path, _table.Names, _schema);
            _hasKeys = columns.Key >= 0;
            _wanted = _hasKeys ? [columns.Vector, columns.Key, .. columns.Attributes] : [columns.Vector, .. columns.Attributes];
            _isAtRow = TryMove();
            Dimension = VectorColumns.RequireDimension(path, _table.Names[columns.Vector], _isAtRow ? _group[0].Count : 0);
            _keys = _hasKeys ? new KeyColumn(Read(() => _group[1].Key().Text is null) ? KeyKind.UInt64 : KeyKind.String) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override long Count => _table.Rows;

    /// <inheritdoc/>
    public override int Dimension { get; }

    /// <inheritdoc/>
    public override KeyColumn? Keys => _keys;

    /// <inheritdoc/>
    public override int ReadRows(Span<float> destination)
    {
        int wanted = destination.Length / Dimension;
        ArgumentOutOfRangeException.ThrowIfZero(wanted, nameof(destination));
        for (int row = 0; row < wanted; row++)
        {
            if (!_isAtRow && !TryMove())
                return row;
            _isAtRow = false;
            ReadRow(destination.Slice(row * Dimension, Dimension));
        }
        return wanted;
    }

    /// <inheritdoc/>
    public override AttributeBatch? TakeAttributes()
    {
        if (_schema.Count == 0)
            return null;
        AttributeBatch taken = _attributes;
        _attributes = new AttributeBatch(_schema);
        return taken;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Release();
        _table.Dispose();
    }

    private bool TryMove() => Read(() =>
    {
        while (_group.Length == 0 || !MoveAll())
        {
            Release();
            if (_groups == _table.Groups)
                return false;
            _group = [.. _wanted.Select(column => _table.Read(_groups, column))];
            _groups++;
        }
        _row++;
        return true;
    });

    private bool MoveAll()
    {
        int moved = _group.Count(static column => column.TryMove());
        return moved == _group.Length || (moved == 0
            ? false
            : throw new InvalidDataException("columns of one group have different numbers of rows."));
    }

    private void ReadRow(Span<float> row)
    {
        ParquetColumn vector = _group[0];
        if (vector.Count != Dimension)
            throw Bad($"expected a vector of {Dimension} components, as in the first row; found {vector.Count}.");
        try
        {
            vector.CopyTo(row);
            if (_hasKeys)
                AddKey(_group[1].HasValue ? _group[1].Key() : throw new FormatException("it has no key."));
            int first = _hasKeys ? 2 : 1;
            for (int column = 0; column < _schema.Count; column++)
                _group[first + column].AddTo(_attributes.Columns[column]);
        }
        catch (FormatException e)
        {
            throw Bad(e.Message, e);
        }
        catch (Exception e) when (e is not AnnException)
        {
            throw _table.Damaged(Place(_row), e);
        }
    }

    private void AddKey((string? Text, ulong Number) key)
    {
        try
        {
            if (key.Text is null)
                _keys!.Add(key.Number);
            else
                _keys!.Add(key.Text);
        }
        catch (AnnException e) when (e.Field is not null)
        {
            throw Bad(e.Message, e);
        }
    }

    private T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatException e)
        {
            throw Bad(e.Message, e);
        }
        catch (Exception e) when (e is not AnnException)
        {
            throw _table.Damaged(Place(_row), e);
        }
    }

    private AnnException Bad(string what, Exception? inner = null) => AnnException.BadInput(Path, Place(_row), what, inner);

    private void Release()
    {
        foreach (ParquetColumn column in _group)
            column.Dispose();
        _group = [];
    }
}
