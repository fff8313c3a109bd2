using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Keys;
using Ann.Tool.Formats;
using Parquet;
using Parquet.Schema;

namespace Ann.Tool.Bulk;

/// <summary>
/// Writes vectors as Parquet: a column <c>id</c> (text or unsigned number), <c>vector</c> (list of float), and one an attribute. Each block
/// that is written becomes a group of rows. The file appears whole at <see cref="Commit"/>, or not at all.
/// </summary>
internal sealed class ParquetVectorWriter : VectorOutput
{
    private readonly AtomicFile _file;
    private readonly int _dimension;
    private readonly DataField[] _fields;
    private readonly ParquetWriter _writer;
    private bool _isEnded;

    /// <param name="files">Where to write.</param>
    /// <param name="path">The target.</param>
    /// <param name="dimension">Components of a row.</param>
    /// <param name="kind">What keys are.</param>
    /// <param name="attributes">Attributes of the rows; null for none.</param>
    public ParquetVectorWriter(IFileSystem files, string path, int dimension, KeyKind kind, AttributeSchema? attributes)
    {
        _dimension = dimension;
        ParquetSchema schema = new(
        [
            kind == KeyKind.UInt64 ? new DataField("id", typeof(ulong), false) : new DataField("id", typeof(string), false),
            new ListField("vector", new DataField("element", typeof(float), false)),
            .. (attributes?.Fields ?? []).Select(FieldOf),
        ]);
        _fields = schema.DataFields;
        _file = new AtomicFile(files, path);
        try
        {
            _writer = ParquetWriter.CreateAsync(schema, _file.Stream, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy })
                .GetAwaiter().GetResult();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Appends rows as a group.</summary>
    /// <param name="rows">Row-major.</param>
    /// <param name="keys">A key a row.</param>
    /// <param name="attributes">An item a row; null for none.</param>
    public override void Write(ReadOnlySpan<float> rows, KeyColumn keys, AttributeBatch? attributes)
    {
        float[] values = rows.ToArray();
        WriteAsync(values, keys, attributes).GetAwaiter().GetResult();
    }

    /// <summary>Writes the directory of the file, behind which nothing is written any more.</summary>
    public override void End()
    {
        _isEnded = true;
        _writer.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Makes the file appear under its name.</summary>
    public override void Commit() => _file.Commit();

    /// <inheritdoc/>
    public override void Dispose()
    {
        try
        {
            if (!_isEnded)
                End();
        }
        catch (IOException)
        {
            // On a full disk the directory does not fit either, and all is thrown away.
        }
        _file.Dispose();
    }

    private static Field FieldOf(AttributeField field) => field.Traits.Form switch
    {
        AttributeForm.Text => new DataField(field.Name, typeof(string), true),
        AttributeForm.TextSet => new ListField(field.Name, new DataField("element", typeof(string), false)),
        AttributeForm.Integer when field.Traits.IsTime =>
            new DateTimeDataField(field.Name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, DateTimeTimeUnit.Micros, isNullable: true),
        AttributeForm.Integer => new DataField(field.Name, typeof(long), true),
        AttributeForm.Real => new DataField(field.Name, typeof(double), true),
        AttributeForm.Bit => new DataField(field.Name, typeof(bool), true),
    };

    private async Task WriteAsync(float[] rows, KeyColumn keys, AttributeBatch? attributes)
    {
        using ParquetRowGroupWriter group = _writer.CreateRowGroup();
        if (keys.Kind == KeyKind.UInt64)
            await group.WriteAsync<ulong>(_fields[0], keys.Numbers.ToArray());
        else
            await group.WriteAsync(_fields[0], Enumerable.Range(0, keys.Count).Select(keys.Format).ToArray());
        int[] definitions = new int[rows.Length];
        int[] repetitions = new int[rows.Length];
        Array.Fill(definitions, _fields[1].MaxDefinitionLevel);
        for (int i = 0; i < repetitions.Length; i++)
            repetitions[i] = i % _dimension == 0 ? 0 : 1;
        await group.WriteAllPartsAsync<float>(_fields[1], rows, definitions, repetitions, default);
        for (int column = 0; column < (attributes?.Columns.Count ?? 0); column++)
            await WriteAsync(group, _fields[2 + column], attributes!.Columns[column]);
    }

    private Task WriteAsync(ParquetRowGroupWriter group, DataField field, AttributeColumn column) => column.Field.Traits.Form switch
    {
        AttributeForm.Text => group.WriteAsync(
            field, Values(column, item => System.Text.Encoding.UTF8.GetString(column.TextAt(item))).ToArray()!),
        AttributeForm.TextSet => WriteSetsAsync(group, field, column),
        AttributeForm.Integer when column.Field.Traits.IsTime => group.WriteAsync<DateTime>(
            field, Nullables(column, item => TimeOf(column.Field, column.Int64At(item)))),
        AttributeForm.Integer => group.WriteAsync<long>(field, Nullables(column, column.Int64At)),
        AttributeForm.Real => group.WriteAsync<double>(field, Nullables(column, column.DoubleAt)),
        AttributeForm.Bit => group.WriteAsync<bool>(field, Nullables(column, column.BoolAt)),
    };

    private static IEnumerable<T?> Values<T>(AttributeColumn column, Func<int, T> at)
        where T : class =>
        Enumerable.Range(0, column.Count).Select(item => column.Has(item) ? at(item) : null);

    private static ReadOnlyMemory<T?> Nullables<T>(AttributeColumn column, Func<int, T> at)
        where T : struct =>
        Enumerable.Range(0, column.Count).Select(item => column.Has(item) ? at(item) : (T?)null).ToArray();

    /// <summary>Lists as Parquet has them: levels tell whether there is one, whether it is empty, and which element begins it.</summary>
    private static Task WriteSetsAsync(ParquetRowGroupWriter group, DataField field, AttributeColumn column)
    {
        List<ReadOnlyMemory<char>> texts = [];
        List<int> definitions = [];
        List<int> repetitions = [];
        for (int item = 0; item < column.Count; item++)
        {
            int count = column.TextCount(item);
            if (count == 0)
            {
                definitions.Add(column.Has(item) ? field.MaxDefinitionLevel - 1 : 0);
                repetitions.Add(0);
            }
            for (int i = 0; i < count; i++)
            {
                texts.Add(System.Text.Encoding.UTF8.GetString(column.TextAt(item, i)).AsMemory());
                definitions.Add(field.MaxDefinitionLevel);
                repetitions.Add(i == 0 ? 0 : 1);
            }
        }
        return group.WriteAllPartsAsync<ReadOnlyMemory<char>>(
            field, texts.ToArray(), definitions.ToArray(), repetitions.ToArray(), default);
    }

    private DateTime TimeOf(AttributeField field, long microseconds)
    {
        const long Least = -62_135_596_800_000_000, Most = 253_402_300_799_999_999;
        return microseconds is >= Least and <= Most
            ? new DateTime(DateTime.UnixEpoch.Ticks + microseconds * TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc) // exact
            : throw AnnException.BadInput(
                _file.Path, "",
                $"attribute '{field.Name}' has the time {microseconds} µs since 1970; expected the years 1 to 9999. Write .npy.");
    }
}
