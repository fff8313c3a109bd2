using Ann.Core;
using Parquet;
using Parquet.Data;
using Parquet.Meta;
using Parquet.Schema;

namespace Ann.Tool.Items;

/// <summary>
/// A Parquet file: its columns, read by groups of rows. A file may be damaged or hostile, and the library throws what it comes to: all of
/// it becomes an error that names the file and the place. What a group may ask of memory is bounded before it is read.
/// </summary>
internal sealed class ParquetTable : IDisposable
{
    /// <summary>Bytes of one column of one group of rows at most, before they are packed.</summary>
    public const long MaxColumnBytes = 1 << 30;

    /// <summary>Values of one column of one group of rows at most.</summary>
    public const long MaxColumnValues = 1 << 28;

    // A damaged directory can keep the library busy for ever.
    private static readonly TimeSpan MostToOpen = TimeSpan.FromMinutes(1);

    private readonly ParquetReader _reader;

    /// <param name="path">What it is called.</param>
    /// <param name="stream">The file, seekable; owned from here on.</param>
    public ParquetTable(string path, Stream stream)
    {
        Path = path;
        ParquetDirectory.Require(path, stream);
        _reader = Guarded("", () =>
        {
            Task<ParquetReader> opening = Task.Run(
                () => ParquetReader.CreateAsync(stream, new ParquetOptions { TreatByteArrayAsString = true }, leaveStreamOpen: false));
            return opening.Wait(MostToOpen)
                ? opening.Result
                : throw new InvalidDataException($"its directory was not understood within {MostToOpen.TotalSeconds} s.");
        });
        Names = Guarded("", () => _reader.Schema.Fields.Select(static column => column.Name).ToArray());
        Rows = Guarded("", () => _reader.RowGroups.Sum(static group => Math.Max(0, group.RowCount)));
        if (Rows == 0)
            throw AnnException.BadInput(path, "", "it holds no rows.");
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Rows that its directory tells of, 1 or more.</summary>
    public long Rows { get; }

    /// <summary>Groups of rows.</summary>
    public int Groups => _reader.RowGroupCount;

    /// <summary>Names of the columns at the top.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Reads a column of a group.</summary>
    /// <param name="group">Which one, from 0.</param>
    /// <param name="column">Which of <see cref="Names"/>.</param>
    /// <exception cref="AnnException">InvalidArgument: nested, of a type that nobody takes, too large, or damaged.</exception>
    public ParquetColumn Read(int group, int column)
    {
        Field field = _reader.Schema.Fields[column];
        string place = $"row group {group}, column '{PrintedText.Of(field.Name)}'";
        DataField data = DataOf(field)
            ?? throw AnnException.BadInput(Path, place, $"expected plain values or a list of them; found a nested {field.SchemaType}.");
        return Guarded(place, () =>
        {
            using ParquetRowGroupReader reader = _reader.OpenRowGroupReader(group);
            ColumnMetaData meta = reader.GetMetadata(data)?.MetaData ?? throw new InvalidDataException("the group has no such column.");
            if (meta.NumValues is < 0 or > MaxColumnValues || meta.TotalUncompressedSize is < 0 or > MaxColumnBytes)
            {
                throw new InvalidDataException(
                    $"it takes {meta.TotalUncompressedSize} bytes and {meta.NumValues} values; at most {MaxColumnBytes} bytes and "
                    + $"{MaxColumnValues} values are read at once. Write smaller groups of rows.");
            }
            RawColumnData raw = reader.ReadRawColumnDataBaseAsync(data).AsTask().GetAwaiter().GetResult();
            return new ParquetColumn(raw, data, reader.RowCount, meta.NumValues);
        });
    }

    /// <summary>Columns of types that attributes may have, with the words for these.</summary>
    public IEnumerable<(string Name, string Type)> TypedColumns()
    {
        foreach (Field field in _reader.Schema.Fields)
        {
            bool isList = field is ListField;
            if (DataOf(field) is { } data && TypeOf(data.ClrType, isList) is { } type)
                yield return (field.Name, type);
        }
    }

    private static string? TypeOf(System.Type type, bool isList)
    {
        if (type == typeof(string) || type == typeof(ReadOnlyMemory<char>))
            return isList ? "keywords" : "keyword";
        if (isList)
            return null;
        if (type == typeof(DateTime))
            return "timestamp";
        if (type == typeof(bool))
            return "bool";
        if (type == typeof(float) || type == typeof(double))
            return "double";
        return type.IsPrimitive && type != typeof(ulong) ? "int64" : null;
    }

    private T Guarded<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not AnnException)
        {
            throw Damaged(place, e);
        }
    }

    /// <summary>What the library threw, as an error of the file.</summary>
    public AnnException Damaged(string place, Exception e)
    {
        Exception cause = e is AggregateException { InnerException: { } inner } ? inner : e;
        return AnnException.BadInput(Path, place, $"it cannot be read as Parquet: {cause.Message} ({cause.GetType().Name})", e);
    }

    public void Dispose() => _reader.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static DataField? DataOf(Field field) => field switch
    {
        DataField { MaxRepetitionLevel: <= 1 } data => data,
        ListField { Item: DataField { MaxRepetitionLevel: 1 } item } => item,
        _ => null,
    };
}
