using Ann.Bench.Live;
using Ann.Bench.Sets;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tool;
using Wire = Ann.Protocol.V1;

namespace Ann.Bench.Promise;

/// <summary>Builds the index of a run: keys are numbers of rows, and two attributes from 0 to 1 make its filters.</summary>
internal static class PromiseIndex
{
    private const string Chance = "chance";
    private const string Place = "place";
    private const int DirectionStream = 81;
    private const int ChanceStream = 82;

    /// <summary>Builds it, unless it is there.</summary>
    public static void Require(ToolContext tool, PromiseRequest request, CancellationToken cancellation)
    {
        if (tool.Files.FileExists(request.Index))
            return;
        LiveSet rows = LiveSet.Load(tool, request.Base, rows: 0);
        AttributeSchema schema = new(
            [new AttributeField(Chance, AttributeType.Double), new AttributeField(Place, AttributeType.Double)]);
        using SegmentBuilder builder = new(rows.Count, rows.Dimension, new SegmentBuildOptions
        {
            Metric = request.Metric,
            Codes = request.Codes,
            Layout = request.Layout,
            Attributes = schema,
        });
        double[] places = Places(rows);
        AttributeBatch attributes = new(schema);
        for (int row = 0; row < rows.Count; row++)
        {
            builder.Add(rows[row]);
            attributes.Columns[0].Add(new RowRandom(1, ChanceStream, row).NextUniform());
            attributes.Columns[1].Add(places[row]);
        }
        builder.AddAttributes(attributes);
        builder.Build(KeyColumn.Ordinals(rows.Count), progress: null, cancellation);
        builder.Write(tool.Files, request.Index, progress: null, cancellation);
    }

    /// <summary>The filter that leaves a share of the rows; null for none.</summary>
    public static Wire.Filter? FilterOf(PromiseFilter filter, int share) => filter == PromiseFilter.None ? null : new Wire.Filter
    {
        Range = new Wire.RangeClause
        {
            Attribute = filter == PromiseFilter.Random ? Chance : Place,
            To = new Wire.RangeBound { Real = share / 100.0, Exclusive = true },
        },
    };

    /// <summary>Where each row lies among all along a direction, 0 to 1.</summary>
    private static double[] Places(LiveSet rows)
    {
        RowRandom random = new(1, DirectionStream, 0);
        float[] direction = [.. Enumerable.Range(0, rows.Dimension).Select(_ => (float)(random.NextUniform() - 0.5))];
        double[] along = new double[rows.Count];
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        for (int row = 0; row < along.Length; row++)
        {
            ReadOnlySpan<float> values = rows[row];
            for (int i = 0; i < values.Length; i++)
                along[row] += values[i] * direction[i];
        }
        Array.Sort(along, order);
        double[] places = new double[rows.Count];
        for (int place = 0; place < order.Length; place++)
            places[order[place]] = (double)place / order.Length;
        return places;
    }
}
