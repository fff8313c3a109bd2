using System.Diagnostics;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;

namespace Ann.Tool.Formats;

/// <summary>
/// Writes vectors as Arrow, a file or a stream: <c>id</c> (utf8 or uint64), <c>vector</c> (fixed_size_list of float), and a column an
/// attribute. Each block becomes a batch of rows.
/// </summary>
internal sealed class ArrowVectorWriter : VectorOutput
{
    private readonly AtomicFile _file;
    private readonly VectorShape _shape;
    private readonly Schema _schema;
    private readonly ArrowStreamWriter _writer;

    /// <param name="files">Where to write.</param>
    /// <param name="path">The target.</param>
    /// <param name="shape">What it will hold.</param>
    /// <param name="isFile">True for a file, which has a directory at its end.</param>
    public ArrowVectorWriter(IFileSystem files, string path, VectorShape shape, bool isFile)
    {
        JsonlVectorWriter.RequireFreeNames(path, shape.Attributes);
        _shape = shape;
        _schema = new Schema(
            [
                new Field("id", shape.Keys == KeyKind.UInt64 ? UInt64Type.Default : StringType.Default, nullable: false),
                new Field("vector", VectorType(shape.Dimension), nullable: false),
                .. shape.Attributes.Fields.Select(static field => new Field(field.Name, TypeOf(field), nullable: true)),
            ],
            metadata: null);
        _file = new AtomicFile(files, path);
        try
        {
            _writer = isFile
                ? new ArrowFileWriter(_file.Stream, _schema, leaveOpen: true)
                : new ArrowStreamWriter(_file.Stream, _schema, leaveOpen: true);
            _writer.WriteStart();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> rows, KeyColumn keys, AttributeBatch? attributes)
    {
        int count = rows.Length / _shape.Dimension;
        FloatArray values = new FloatArray.Builder().Append(rows).Build();
        FixedSizeListArray vectors = new(VectorType(_shape.Dimension), count, values, ArrowBuffer.Empty, nullCount: 0);
        using RecordBatch batch = new(
            _schema, [Keys(keys, count), vectors, .. (attributes?.Columns ?? []).Select(column => Column(column))], count);
        _writer.WriteRecordBatch(batch);
    }

    /// <inheritdoc/>
    public override void End() => _writer.WriteEnd();

    /// <inheritdoc/>
    public override void Commit() => _file.Commit();

    /// <inheritdoc/>
    public override void Dispose()
    {
        _writer.Dispose();
        _file.Dispose();
    }

    private static FixedSizeListType VectorType(int dimension) =>
        new(new Field("item", FloatType.Default, nullable: false), dimension);

    private static ArrowType TypeOf(AttributeField field) => field.Traits.Form switch
    {
        AttributeForm.Text => StringType.Default,
        AttributeForm.TextSet => new ListType(new Field("item", StringType.Default, nullable: false)),
        AttributeForm.Integer when field.Traits.IsTime => new TimestampType(TimeUnit.Microsecond, "UTC"),
        AttributeForm.Integer => Int64Type.Default,
        AttributeForm.Real => DoubleType.Default,
        AttributeForm.Bit => BooleanType.Default,
    };

    private static IArrowArray Keys(KeyColumn keys, int count)
    {
        if (keys.Kind == KeyKind.UInt64)
            return new UInt64Array.Builder().Append(keys.Numbers[..count]).Build();
        StringArray.Builder texts = new();
        for (int row = 0; row < count; row++)
            texts.Append(keys.Utf8(row));
        return texts.Build();
    }

    private static IArrowArray Column(AttributeColumn column)
    {
        int count = column.Count;
        switch (column.Field.Traits.Form)
        {
            case AttributeForm.Text:
                StringArray.Builder texts = new();
                for (int i = 0; i < count; i++)
                    _ = column.Has(i) ? texts.Append(column.TextAt(i)) : texts.AppendNull();
                return texts.Build();
            case AttributeForm.TextSet:
                return Sets(column, count);
            case AttributeForm.Integer when column.Field.Traits.IsTime:
                // The builder of times takes times, which end at the year 9999; ours are numbers.
                Int64Array numbers = Numbers(column, count);
                return new TimestampArray(new ArrayData(
                    TypeOf(column.Field), count, numbers.NullCount, 0, [numbers.NullBitmapBuffer, numbers.ValueBuffer]));
            case AttributeForm.Integer:
                return Numbers(column, count);
            case AttributeForm.Real:
                DoubleArray.Builder reals = new();
                for (int i = 0; i < count; i++)
                    _ = column.Has(i) ? reals.Append(column.DoubleAt(i)) : reals.AppendNull();
                return reals.Build();
            case AttributeForm.Bit:
                BooleanArray.Builder bits = new();
                for (int i = 0; i < count; i++)
                    _ = column.Has(i) ? bits.Append(column.BoolAt(i)) : bits.AppendNull();
                return bits.Build();
            default:
                throw new UnreachableException($"{column.Field.Traits.Form}");
        }
    }

    private static Int64Array Numbers(AttributeColumn column, int count)
    {
        Int64Array.Builder numbers = new();
        for (int i = 0; i < count; i++)
            _ = column.Has(i) ? numbers.Append(column.Int64At(i)) : numbers.AppendNull();
        return numbers.Build();
    }

    private static ListArray Sets(AttributeColumn column, int count)
    {
        ListArray.Builder sets = new(new Field("item", StringType.Default, nullable: false));
        StringArray.Builder texts = (StringArray.Builder)sets.ValueBuilder;
        for (int i = 0; i < count; i++)
        {
            if (!column.Has(i))
            {
                sets.AppendNull();
                continue;
            }
            sets.Append();
            for (int text = 0; text < column.TextCount(i); text++)
                texts.Append(System.Text.Encoding.UTF8.GetString(column.TextAt(i, text)));
        }
        return sets.Build();
    }
}
