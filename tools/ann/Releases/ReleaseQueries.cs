using System.Numerics;
using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Encoding;
using Ann.Tool.Encoders;
using Ann.Tool.Items;

namespace Ann.Tool.Releases;

/// <summary>The queries that a release is measured with: some of a file, spread over it.</summary>
internal static class ReleaseQueries
{
    /// <summary>Queries at most: with so many chance does not show.</summary>
    public const int Most = 1024;

    /// <summary>Reads the queries of a file that the encoder of the queries can read.</summary>
    /// <param name="tool">Where it is.</param>
    /// <param name="path">Texts (.jsonl .csv .tsv .parquet), or features in any format of vectors.</param>
    /// <param name="encoder">The encoder of the queries.</param>
    /// <param name="cancellation">Looked at between pieces.</param>
    /// <exception cref="AnnException">InvalidArgument: the file, or it holds what the encoder does not read.</exception>
    public static IReadOnlyList<GoldenRow> Read(ToolContext tool, string path, CheckedEncoder encoder, CancellationToken cancellation)
    {
        bool isText = IsText(path);
        if (encoder.ReadsFields)
        {
            throw AnnException.Invalid(
                "--query-encoder", $"encoder '{encoder.Info.Name}' reads rows of named fields, which no file of queries has.");
        }
        if (isText != encoder.Input is null)
        {
            throw AnnException.Invalid(
                "--queries",
                $"{path} holds {(isText ? "texts" : "features")}; the encoder of the queries reads {(isText ? "features" : "texts")}. "
                + "--queries FILE names queries that it reads.");
        }
        IReadOnlyList<GoldenRow> read = isText ? Texts(tool, path, cancellation)
            : encoder.Input!.Type == FeatureType.Int64 ? Numbers(tool, path)
            : Features(tool, path);
        GoldenRow[] understood = [.. read.Where(encoder.Understands)];
        return understood.Length > 0
            ? understood
            : throw AnnException.Invalid("--queries", $"{path} holds no query in which the encoder finds a token.");
    }

    /// <summary>True for the name of a file of texts.</summary>
    public static bool IsText(string path) => ItemFormats.OfPath(path) is not null;

    private static List<GoldenRow> Texts(ToolContext tool, string path, CancellationToken cancellation)
    {
        ItemSource source = new() { Path = path, Format = ItemSource.FormatOf(path) };
        long count = 0;
        using (ItemReader counted = source.Open(tool))
            for (; counted.TryRead(); count++)
                cancellation.ThrowIfCancellationRequested();
        List<GoldenRow> chosen = [];
        using ItemReader reader = source.Open(tool);
        for (long row = 0; reader.TryRead(); row++)
            if (IsChosen(row, count))
                chosen.Add(new GoldenRow(reader.Text, "query", null, null, null, []));
        return chosen;
    }

    private static List<GoldenRow> Numbers(ToolContext tool, string path)
    {
        using IntegerReader reader = VectorFile.OpenIntegers(tool.Files, path);
        return Rows<long>(reader.Count, reader.Columns, reader.ReadRows);
    }

    private static List<GoldenRow> Features(ToolContext tool, string path)
    {
        using VectorReader reader = VectorFile.OpenReader(tool.Files, path);
        return Rows<float>(reader.Count, reader.Dimension, reader.ReadRows);
    }

    private static List<GoldenRow> Rows<T>(long count, int columns, ReadRow<T> read)
        where T : INumber<T>
    {
        List<GoldenRow> chosen = [];
        T[] values = new T[columns];
        for (long row = 0; read(values) > 0; row++)
            if (IsChosen(row, count))
                chosen.Add(new GoldenRow(null, null, null, [.. values.Select(double.CreateChecked)], null, []));
        return chosen;
    }

    private delegate int ReadRow<T>(Span<T> row);

    /// <summary>True for at most <see cref="Most"/> rows, spread evenly.</summary>
    private static bool IsChosen(long row, long count)
    {
        long chosen = Math.Min(count, Most);
        return row * chosen / count != (row + 1) * chosen / count;
    }
}
