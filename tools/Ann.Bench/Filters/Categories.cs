using Ann.Bench.Sets;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Segments;

namespace Ann.Bench.Filters;

/// <summary>
/// One category a node: the value of an attribute of real rows, or else the nearest of some rows taken at random, which is what a category
/// is to an embedding. They are ordered by how near their middle is to a query.
/// </summary>
internal sealed class Categories
{
    private const int Made = 256;
    private const int MiddleStream = 71;

    private readonly int[] _ofNode;
    private readonly float[][] _middles;
    private readonly int[] _sizes;
    private readonly long[] _values;

    private Categories(int[] ofNode, float[][] middles, long[] values)
    {
        _ofNode = ofNode;
        _values = values;
        _middles = middles;
        _sizes = new int[middles.Length];
        foreach (int category in ofNode)
            _sizes[category]++;
    }

    /// <summary>Categories.</summary>
    public int Count => _middles.Length;

    /// <summary>The category of each node.</summary>
    public ReadOnlySpan<int> OfNode => _ofNode;

    /// <summary>Nodes of a category.</summary>
    public int SizeOf(int category) => _sizes[category];

    /// <summary>The value of the attribute that makes a category; its number where they were made of the rows.</summary>
    public long ValueOf(int category) => _values[category];

    /// <summary>Makes categories of the rows themselves.</summary>
    public static Categories OfRows(SealedSegment segment)
    {
        RowRandom random = new(1, MiddleStream, 0);
        float[][] middles = new float[Math.Min(Made, segment.Count)][];
        for (int i = 0; i < middles.Length; i++)
            middles[i] = segment.Row((int)(random.NextUniform() * segment.Count)).ToArray();
        int[] ofNode = new int[segment.Count];
        Parallel.For(0, segment.Count, node =>
        {
            ReadOnlySpan<float> row = segment.Row(node);
            float nearest = float.PositiveInfinity;
            for (int i = 0; i < middles.Length; i++)
            {
                float distance = Distance(segment.Metric, row, middles[i]);
                if (distance < nearest)
                    (nearest, ofNode[node]) = (distance, i);
            }
        });
        return new Categories(ofNode, middles, [.. Enumerable.Range(0, middles.Length)]);
    }

    /// <summary>Takes the values of an attribute, in their order.</summary>
    /// <exception cref="AnnException">The file is not of one number a row.</exception>
    public static Categories OfFile(IFileSystem files, string path, SealedSegment segment)
    {
        long[] rows = Values(files, path, segment.Count);
        return OfValues(segment, [.. Enumerable.Range(0, segment.Count).Select(node => rows[(int)segment.Keys.Of(node).Number])]);
    }

    /// <summary>Takes the values of an attribute of the index, in their order.</summary>
    /// <exception cref="AnnException">There is no such attribute, it is not of integers, or a row has no value.</exception>
    public static Categories OfColumn(LiveSegment live, SealedSegment segment, string name)
    {
        AttributeSchema schema = live.Attributes?.Schema ?? AttributeSchema.Empty;
        int column = schema.Require(name, "--columns");
        AttributeColumn values = new(schema.Fields[column]);
        for (int node = 0; node < segment.Count; node++)
        {
            live.Attributes!.CopyTo(column, node, values);
            if (values.Field.Type != AttributeType.Int64 || !values.Has(node))
                throw AnnException.Invalid("--columns", $"attribute '{name}' is not an int64 that every row has.");
        }
        return OfValues(segment, [.. Enumerable.Range(0, segment.Count).Select(values.Int64At)]);
    }

    private static Categories OfValues(SealedSegment segment, long[] values)
    {
        long[] distinct = [.. values.Distinct().Order()];
        int[] ofNode = new int[segment.Count];
        float[][] middles = [.. distinct.Select(_ => new float[segment.Dimension])];
        int[] sizes = new int[distinct.Length];
        for (int node = 0; node < ofNode.Length; node++)
        {
            int category = Array.BinarySearch(distinct, values[node]);
            ofNode[node] = category;
            sizes[category]++;
            ReadOnlySpan<float> row = segment.Row(node);
            for (int i = 0; i < row.Length; i++)
                middles[category][i] += row[i];
        }
        for (int category = 0; category < middles.Length; category++)
        {
            foreach (ref float value in middles[category].AsSpan())
                value /= sizes[category];
        }
        return new Categories(ofNode, middles, distinct);
    }

    /// <summary>Categories, the nearest to a query first.</summary>
    public int[] Nearest(Metric metric, ReadOnlySpan<float> query)
    {
        float[] distances = new float[Count];
        for (int i = 0; i < distances.Length; i++)
            distances[i] = Distance(metric, query, _middles[i]);
        int[] order = [.. Enumerable.Range(0, Count)];
        Array.Sort(distances, order);
        return order;
    }

    private static float Distance(Metric metric, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        bool squared = metric.Traits().IsSquared;
        float sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += squared ? (a[i] - b[i]) * (a[i] - b[i]) : -a[i] * b[i];
        return sum;
    }

    private static long[] Values(IFileSystem files, string path, int rows)
    {
        int width = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".u8" or ".i8" => 1,
            ".u16" => 2,
            _ => throw AnnException.BadInput(path, "", "expected .u8, .i8 or .u16: one number a base row."),
        };
        using Stream stream = files.OpenRead(path);
        byte[] bytes = new byte[checked(rows * width)];
        if (stream.Length != bytes.Length)
            throw AnnException.BadInput(path, "", $"it has {stream.Length} bytes; {rows} rows take {bytes.Length}.");
        stream.ReadExactly(bytes);
        long[] values = new long[rows];
        for (int row = 0; row < rows; row++)
            values[row] = width == 2 ? BitConverter.ToUInt16(bytes, 2 * row) : path.EndsWith(".i8", StringComparison.OrdinalIgnoreCase)
                ? (sbyte)bytes[row]
                : bytes[row];
        return values;
    }
}
