using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Tool.Items;
using Apache.Arrow;
using Apache.Arrow.Ipc;

namespace Ann.Tool.Formats;

/// <summary>
/// Vectors of an Arrow file or stream: a column <c>vector</c> or <c>embedding</c> of lists, fixed or not, and the keys of <c>id</c> or
/// <c>_id</c> where there is one. Holds one batch of rows. What the library throws at a damaged file becomes an error that names the row.
/// </summary>
internal sealed class ArrowVectorReader : VectorReader
{
    private readonly ArrowFrames _frames;
    private readonly Stream _stream;
    private readonly ArrowStreamReader _reader;
    private readonly AttributeSchema _schema;
    private readonly Schema _columns;
    private readonly int _vector;
    private readonly int _key;
    private readonly int[] _others;
    private readonly KeyColumn? _keys;
    private AttributeBatch _attributes;
    private RecordBatch? _batch;
    private int _rowOfBatch;
    private long _row;

    /// <param name="stream">The file, seekable; owned from here on. Its first row sets the dimension.</param>
    /// <param name="path">What it is called.</param>
    /// <param name="attributes">Columns that are attributes; null for none.</param>
    public ArrowVectorReader(Stream stream, string path, AttributeSchema? attributes)
    {
        Path = path;
        _stream = stream;
        _schema = attributes ?? AttributeSchema.Empty;
        _attributes = new AttributeBatch(_schema);
        _frames = ArrowFrames.Walk(stream, path);
        _reader = new ArrowStreamReader(new SliceStream(stream, _frames.Start, _frames.End), leaveOpen: true);
        try
        {
            _columns = Guarded(() => _reader.Schema);
            string[] names = [.. _columns.FieldsList.Select(static field => field.Name)];
            (_vector, _key, _others) = VectorColumns.Find(path, names, _schema);
            Dimension = VectorColumns.RequireDimension(
                path, names[_vector], Guarded(() => TryMove() ? ArrowColumn.LengthOf(_batch!.Column(_vector), 0) : 0));
            if (_key >= 0)
                _keys = new KeyColumn(ArrowColumn.IsText(_columns.FieldsList[_key].DataType) ? KeyKind.String : KeyKind.UInt64);
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
    public override long Count => _frames.Rows;

    /// <inheritdoc/>
    public override int Dimension { get; }

    /// <inheritdoc/>
    public override KeyColumn? Keys => _keys;

    /// <summary>Columns of types that attributes may have, with the words for these.</summary>
    public IEnumerable<(string Name, string Type)> TypedColumns() => _columns.FieldsList
        .Where(static field => ArrowColumn.TypeOf(field.DataType) is not null)
        .Select(static field => (field.Name, ArrowColumn.TypeOf(field.DataType)!));

    /// <inheritdoc/>
    public override int ReadRows(Span<float> destination)
    {
        int wanted = destination.Length / Dimension;
        ArgumentOutOfRangeException.ThrowIfZero(wanted, nameof(destination));
        for (int row = 0; row < wanted; row++)
        {
            if (!Guarded(TryMove))
                return row;
            ReadRow(destination.Slice(row * Dimension, Dimension));
            _rowOfBatch++;
            _row++;
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
        _batch?.Dispose();
        _reader.Dispose();
        _stream.Dispose();
    }

    private bool TryMove()
    {
        while (_batch is null || _rowOfBatch == _batch.Length)
        {
            _batch?.Dispose();
            _rowOfBatch = 0;
            _batch = _row < _frames.Rows ? _reader.ReadNextRecordBatch() : null;
            if (_batch is null)
                return false;
            int other = Enumerable.Range(0, _batch.ColumnCount).FirstOrDefault(i => _batch.Column(i).Length != _batch.Length, -1);
            if (other >= 0)
            {
                throw new FormatException(
                    $"column '{PrintedText.Of(_columns.FieldsList[other].Name)}' has {_batch.Column(other).Length} values in a batch of "
                    + $"{_batch.Length} rows.");
            }
        }
        return true;
    }

    private void ReadRow(Span<float> into)
    {
        RecordBatch batch = _batch!;
        try
        {
            int length = ArrowColumn.LengthOf(batch.Column(_vector), _rowOfBatch);
            if (length != Dimension)
                throw new FormatException($"expected a vector of {Dimension} components, as in the first row; found {length}.");
            ArrowColumn.Copy(batch.Column(_vector), _rowOfBatch, into);
            if (_keys is not null)
                ArrowColumn.AddKey(batch.Column(_key), _rowOfBatch, _keys);
            for (int column = 0; column < _others.Length; column++)
                ArrowColumn.AddTo(_attributes.Columns[column], batch.Column(_others[column]), _rowOfBatch);
        }
        catch (Exception e)
        {
            throw Bad(e);
        }
    }

    private T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e)
        {
            throw Bad(e);
        }
    }

    private AnnException Bad(Exception e) => e switch
    {
        FormatException => AnnException.BadInput(Path, Place(_row), e.Message, e),
        AnnException { Field: not null } => AnnException.BadInput(Path, Place(_row), e.Message, e),
        AnnException known => known,
        _ => AnnException.BadInput(Path, Place(_row), $"it cannot be read as Arrow: {e.Message} ({e.GetType().Name})", e),
    };
}
