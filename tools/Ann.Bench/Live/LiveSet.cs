using System.Diagnostics;
using Ann.Core.Files.Formats;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Tool;

namespace Ann.Bench.Live;

/// <summary>Rows in memory, and batches of them.</summary>
internal sealed class LiveSet
{
    /// <summary>Rows of a batch.</summary>
    public const int BatchRows = 512;

    private readonly float[][] _rows;

    private LiveSet(float[][] rows, int dimension)
    {
        _rows = rows;
        Dimension = dimension;
    }

    /// <summary>Rows.</summary>
    public int Count => _rows.Length;

    /// <summary>Components of a row.</summary>
    public int Dimension { get; }

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> this[int row] => _rows[row];

    /// <summary>Reads the first rows of a file; 0 reads all.</summary>
    public static LiveSet Load(ToolContext tool, string path, int rows)
    {
        using VectorReader reader = VectorFile.OpenReader(tool.Files, path);
        long count = rows == 0 ? reader.Count : Math.Min(rows, reader.Count);
        float[][] all = new float[count][];
        float[] row = new float[reader.Dimension];
        for (int i = 0; i < all.Length; i++)
        {
            reader.ReadRows(row);
            all[i] = [.. row];
        }
        return new LiveSet(all, reader.Dimension);
    }

    /// <summary>Writes batches of a range, several at once under way, and waits until all are visible.</summary>
    /// <param name="index">Where to.</param>
    /// <param name="from">First key of the range.</param>
    /// <param name="count">Keys.</param>
    /// <param name="row">Row of a key.</param>
    /// <param name="written">Told how many are under way.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <param name="rate">Rows a second; 0 for as many as go.</param>
    public async Task WriteAsync(
        LiveIndex index, int from, int count, Func<int, int> row, Action<int>? written, CancellationToken cancellation, int rate = 0)
    {
        Queue<Task> pending = new();
        long began = Stopwatch.GetTimestamp();
        int batch = rate == 0 ? BatchRows : Math.Clamp(rate / 50, 1, BatchRows); // a paced writer writes often, not much
        for (int at = from; at < from + count; at += batch)
        {
            int rows = Math.Min(batch, from + count - at);
            TimeSpan early = rate == 0
                ? TimeSpan.Zero
                : TimeSpan.FromSeconds((double)(at - from) / rate) - Stopwatch.GetElapsedTime(began);
            if (early > TimeSpan.Zero)
                await Task.Delay(early, cancellation);
            pending.Enqueue((await index.WriteAsync(Batch(at, rows, row), cancellation)).Visible);
            if (pending.Count > 8)
                await pending.Dequeue();
            written?.Invoke(at + rows - from);
        }
        while (pending.TryDequeue(out Task? last))
            await last;
    }

    /// <summary>Upserts key i with row <c>row(i)</c> for each i of a range.</summary>
    private WriteBatch Batch(int from, int count, Func<int, int> row)
    {
        KeyColumn keys = new(KeyKind.UInt64);
        float[] rows = new float[count * Dimension];
        for (int i = 0; i < count; i++)
        {
            keys.Add((ulong)(from + i));
            _rows[row(from + i)].CopyTo(rows.AsSpan(i * Dimension));
        }
        return new WriteBatch { Mode = WriteMode.Upsert, Keys = keys, Rows = rows };
    }
}
