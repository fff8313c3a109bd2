using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Distances;
using Ann.Core.Segments;
using Ann.Tool.Attributes;

namespace Ann.Tool.Evaluation;

/// <summary>Rows among which true neighbours are looked for, read once from start to end.</summary>
internal abstract class TruthBase : IDisposable
{
    /// <summary>The file.</summary>
    public abstract string Path { get; }

    /// <summary>Rows of the file.</summary>
    public abstract int Count { get; }

    /// <summary>Components of a row.</summary>
    public abstract int Dimension { get; }

    /// <summary>Attributes of the rows; empty when there are none.</summary>
    public abstract AttributeSchema Schema { get; }

    /// <summary>Opens an index file, or a file of vectors with the attributes beside it.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the file and what is wrong.</exception>
    public static TruthBase Open(ToolContext tool, string path, Metric metric, AttributeRequest attributes)
    {
        if (!path.EndsWith(".ann", StringComparison.OrdinalIgnoreCase))
            return new OfFile(new InputRows(tool, path, null, attributes), path);
        SealedSegment segment = SealedSegment.Open(tool.Files, path, SegmentResidence.Mapped);
        if (segment.Metric == metric)
            return new OfSegment(segment, isOwned: true);
        string found = segment.Metric.Traits().Name;
        segment.Dispose();
        throw AnnException.Invalid("--metric", $"--metric is {metric.Traits().Name}; {path} was built for {found}.");
    }

    /// <summary>The rows of an open index, by node.</summary>
    public static TruthBase Of(SealedSegment segment) => new OfSegment(segment, isOwned: false);

    /// <summary>Rows in memory, which stay their owner's.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="path">Where they come from, for messages.</param>
    public static TruthBase Of(VectorTable rows, string path) => new OfTable(rows, path);

    /// <summary>Reads the next rows.</summary>
    /// <param name="block">Filled from its first row on.</param>
    /// <param name="filter">Rows that it does not take are passed over; null takes all.</param>
    /// <param name="numbers">The number of each row that was taken; room for as many as the block has.</param>
    /// <param name="taken">Rows taken.</param>
    /// <returns>Rows read; 0 at the end.</returns>
    public abstract int Read(VectorTable block, BoundFilter? filter, int[] numbers, out int taken);

    /// <inheritdoc/>
    public abstract void Dispose();

    private sealed class OfFile(InputRows rows, string path) : TruthBase
    {
        private float[] _batch = [];
        private int _next;

        public override string Path => path;

        public override int Count => rows.Count;

        public override int Dimension => rows.Dimension;

        public override AttributeSchema Schema => rows.Attributes;

        public override int Read(VectorTable block, BoundFilter? filter, int[] numbers, out int taken)
        {
            if (_batch.Length == 0)
                _batch = new float[block.Count * Dimension];
            int count = rows.Read(_batch);
            taken = 0;
            ulong[]? words = rows.TakeAttributes(count) is { } attributes && filter is not null ? Taken(attributes, filter) : null;
            for (int i = 0; i < count; i++)
            {
                if (filter is not null && (words is null || (words[i / 64] >> i & 1) == 0))
                    continue;
                block.Set(taken, _batch.AsSpan(i * Dimension, Dimension));
                numbers[taken++] = _next + i;
            }
            _next += count;
            if (count == 0)
                rows.EndAttributes();
            return count;
        }

        public override void Dispose() => rows.Dispose();

        private static ulong[] Taken(AttributeBatch attributes, BoundFilter filter)
        {
            using HeadAttributes table = new(attributes.Schema, attributes.Count);
            for (int i = 0; i < attributes.Count; i++)
                table.Append(i, attributes, i);
            return TruthFilter.Taken(filter, table, attributes.Count);
        }
    }

    private sealed class OfSegment(SealedSegment segment, bool isOwned) : TruthBase
    {
        private ulong[]? _words;
        private int _next;

        public override string Path => segment.Path;

        public override int Count => segment.Count;

        public override int Dimension => segment.Dimension;

        public override AttributeSchema Schema => segment.AttributeSchema;

        public override int Read(VectorTable block, BoundFilter? filter, int[] numbers, out int taken)
        {
            if (filter is not null)
                _words ??= TruthFilter.Taken(filter, segment.Attributes!, Count);
            int first = _next;
            taken = 0;
            for (; taken < block.Count && _next < Count; _next++)
            {
                if (_words is not null && (_words[_next / 64] >> _next & 1) == 0)
                    continue;
                block.Set(taken, segment.Row(_next));
                numbers[taken++] = _next;
            }
            return _next - first;
        }

        public override void Dispose()
        {
            if (isOwned)
                segment.Dispose();
        }
    }

    private sealed class OfTable(VectorTable rows, string path) : TruthBase
    {
        private int _next;

        public override string Path => path;

        public override int Count => rows.Count;

        public override int Dimension => rows.Dimension;

        public override AttributeSchema Schema => AttributeSchema.Empty;

        public override int Read(VectorTable block, BoundFilter? filter, int[] numbers, out int taken)
        {
            for (taken = 0; taken < block.Count && _next < rows.Count; taken++)
            {
                block.Set(taken, rows.Values(_next));
                numbers[taken] = _next++;
            }
            return taken;
        }

        public override void Dispose()
        {
        }
    }
}
