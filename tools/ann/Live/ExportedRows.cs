using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Tool.Formats;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Live;

/// <summary>
/// Writes the items of a snapshot as vectors and sidecars with their keys, attributes and payloads. All appear when all is written, or
/// none.
/// </summary>
internal static class ExportedRows
{
    private const int BatchFloats = 1 << 16;

    /// <summary>Writes all files.</summary>
    /// <param name="tool">Where to write.</param>
    /// <param name="index">What to write: its items now.</param>
    /// <param name="from">Where they come from, for messages.</param>
    /// <param name="target">The file of vectors, and whether its type may round components.</param>
    /// <param name="logPosition">The last write that the items know of; null when they come from no live index.</param>
    /// <param name="cancellation">Ends it early; nothing appears.</param>
    /// <returns>What was written; how long that took the caller knows.</returns>
    public static ExportReport Write(
        ToolContext tool, IndexSnapshot index, string from, (string Path, bool Rounds) target, long? logPosition,
        CancellationToken cancellation)
    {
        List<SearchHit> items = ItemsOf(index);
        if (items.Count == 0)
            throw AnnException.BadInput(target.Path, "", $"index '{index.Name}' holds no item; there is nothing to export.");
        KeyColumn keys = KeysOf(index, items, 0, items.Count);
        VectorShape shape = new(items.Count, index.Dimension, index.KeyKind, index.Attributes);
        using RowsOutput output = new(
            tool, target.Path, shape, target.Rounds,
            (row, what) => AnnException.BadInput(from, $"item {PrintedText.Of(keys.Format((int)row))}", what));
        Copy(tool, index, items, output, cancellation);
        bool hasPayloads = items.Exists(item => !index.PayloadOf(item).IsEmpty);
        output.Commit(new RowsBeside(keys, Header(index, logPosition), hasPayloads ? row => index.PayloadOf(items[row]) : null));
        return new ExportReport(from, target.Path, output.KeysPath, items.Count, index.Dimension, logPosition, 0)
        {
            Attributes = index.Attributes.Count == 0 ? null : AttributeColumnReport.Of(index.Attributes),
            AttributesFile = output.AttributesPath,
            PayloadsFile = output.PayloadsPath,
        };
    }

    private static void Copy(
        ToolContext tool, IndexSnapshot index, List<SearchHit> items, RowsOutput output, CancellationToken cancellation)
    {
        using ProgressMeter progress = new(tool, "export", "rows", items.Count);
        int batch = Math.Max(1, BatchFloats / index.Dimension);
        float[] rows = new float[batch * index.Dimension];
        for (int first = 0; first < items.Count; first += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(batch, items.Count - first);
            AttributeBatch attributes = new(index.Attributes);
            for (int i = 0; i < count; i++)
            {
                index.RowOf(items[first + i]).CopyTo(rows.AsSpan(i * index.Dimension));
                index.CopyAttributes(items[first + i], attributes);
            }
            output.Write(rows.AsSpan(0, count * index.Dimension), KeysOf(index, items, first, count), attributes);
            progress.Report(first + count);
        }
    }

    private static KeySidecarHeader Header(IndexSnapshot index, long? logPosition) => new()
    {
        EncoderFingerprint = Hex(index.Encoders.Items.Fingerprint),
        EncoderName = index.Encoders.Items.Name,
        QueryEncoderFingerprint = index.Encoders.OwnQueries is { } queries ? Hex(queries.Fingerprint) : null,
        QueryEncoderName = index.Encoders.OwnQueries?.Name,
        LogPosition = logPosition,
    };

    private static string Hex(ulong? fingerprint) => fingerprint is ulong known ? HostedIndexes.Hex(known) : "";

    private static List<SearchHit> ItemsOf(IndexSnapshot index)
    {
        ReadPoint now = index.Now;
        List<SearchHit> items = [];
        for (int segment = 0; segment < index.Segments.Count; segment++)
        {
            int count = index.Segments[segment].Count;
            for (int node = 0; node < count; node++)
                if (index.Sees(segment, node, now))
                    items.Add(new SearchHit(segment, node, 0));
        }
        return items;
    }

    private static KeyColumn KeysOf(IndexSnapshot index, List<SearchHit> items, int first, int count)
    {
        KeyColumn keys = new(index.KeyKind);
        for (int i = first; i < first + count; i++)
        {
            ItemKey key = index.KeyOf(items[i]);
            if (key.Kind == KeyKind.UInt64)
                keys.Add(key.Number);
            else
                keys.Add(key.ToString());
        }
        return keys;
    }
}
