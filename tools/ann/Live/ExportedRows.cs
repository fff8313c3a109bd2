using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Tool.Remote;

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
    /// <param name="path">The file of vectors.</param>
    /// <param name="logPosition">The last write that the items know of; null when they come from no live index.</param>
    /// <param name="cancellation">Ends it early; nothing appears.</param>
    /// <returns>Items written, and the sidecars; null when the vectors go to a device, or there are no attributes, or payloads.</returns>
    public static (long Rows, string? Keys, string? Attributes, string? Payloads) Write(
        ToolContext tool, IndexSnapshot index, string path, long? logPosition, CancellationToken cancellation)
    {
        List<SearchHit> items = ItemsOf(index);
        if (items.Count == 0)
            throw Core.AnnException.BadInput(path, "", $"index '{index.Name}' holds no item; there is nothing to export.");
        KeyColumn keys = KeysOf(index, items);
        using VectorWriter writer = VectorFile.CreateWriter(tool.Files, path, items.Count, index.Dimension, keys);
        AttributeSchema schema = index.Attributes;
        string? attributesPath =
            schema.Count == 0 || IsJsonl(path) || tool.Files.IsDevice(path) ? null : AttributeSidecar.PathOf(path);
        using AttributeSidecarWriter? attributeWriter =
            attributesPath is null ? null : new AttributeSidecarWriter(tool.Files, attributesPath, items.Count, schema);
        using ProgressMeter progress = new(tool, "export", "rows", items.Count);
        XxHash3 hash = new();
        int batch = Math.Max(1, BatchFloats / index.Dimension);
        float[] rows = new float[batch * index.Dimension];
        for (int first = 0; first < items.Count; first += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(batch, items.Count - first);
            AttributeBatch attributes = new(schema);
            for (int i = 0; i < count; i++)
            {
                index.RowOf(items[first + i]).CopyTo(rows.AsSpan(i * index.Dimension));
                index.CopyAttributes(items[first + i], attributes);
            }
            Span<float> written = rows.AsSpan(0, count * index.Dimension);
            hash.Append(MemoryMarshal.AsBytes(written));
            writer.Write(written, attributes);
            attributeWriter?.Write(attributes);
            progress.Report(first + count);
        }
        writer.Flush();
        attributeWriter?.Commit(InputRows.RowsHash(hash));
        // Sidecars come first: vectors without keys would be numbered silently.
        string? sidecar = tool.Files.IsDevice(path) ? null : KeySidecar.PathOf(path);
        if (sidecar is not null)
            KeySidecar.Write(tool.Files, sidecar, Header(index, path, items.Count, InputRows.RowsHash(hash), logPosition), keys);
        string? payloads = WritePayloads(tool, index, items, path, hash.GetCurrentHashAsUInt64());
        writer.Commit();
        return (items.Count, sidecar, attributesPath, payloads);
    }

    /// <summary>The sidecar of payloads; null where no item has one.</summary>
    private static string? WritePayloads(ToolContext tool, IndexSnapshot index, List<SearchHit> items, string path, ulong rowsHash)
    {
        bool any = items.Exists(item => !index.PayloadOf(item).IsEmpty);
        if (tool.Files.IsDevice(path))
        {
            if (any)
                tool.Notice("The payloads of the items are not written: a device has no room beside the vectors.");
            return null;
        }
        if (!any)
            return null;
        string sidecar = PayloadSidecar.PathOf(path);
        PayloadSidecar.Write(tool.Files, sidecar, items.Count, rowsHash, row => index.PayloadOf(items[row]));
        return sidecar;
    }

    private static KeySidecarHeader Header(IndexSnapshot index, string path, int rows, string hash, long? logPosition) => new()
    {
        KeyType = EnumNames<KeyKind>.Plain.Of(index.KeyKind),
        Rows = rows,
        Dimension = index.Dimension,
        EncoderFingerprint = Hex(index.Encoders.Items.Fingerprint),
        EncoderName = index.Encoders.Items.Name,
        QueryEncoderFingerprint = index.Encoders.OwnQueries is { } queries ? Hex(queries.Fingerprint) : null,
        QueryEncoderName = index.Encoders.OwnQueries?.Name,
        RowsHash = hash,
        KeysInline = IsJsonl(path),
        LogPosition = logPosition,
    };

    private static string Hex(ulong? fingerprint) => fingerprint is ulong known ? HostedIndexes.Hex(known) : "";

    private static bool IsJsonl(string path) => path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase);

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

    private static KeyColumn KeysOf(IndexSnapshot index, List<SearchHit> items)
    {
        KeyColumn keys = new(index.KeyKind);
        foreach (SearchHit item in items)
        {
            ItemKey key = index.KeyOf(item);
            if (key.Kind == KeyKind.UInt64)
                keys.Add(key.Number);
            else
                keys.Add(key.ToString());
        }
        return keys;
    }
}
