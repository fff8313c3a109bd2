using Ann.Bench.Reports;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Tool;
using Ann.Tool.Evaluation;

namespace Ann.Bench.Filters;

/// <summary>Every shape and share of a filter, measured against the search without one and against the scan of what it leaves.</summary>
internal sealed class FiltersRun(ToolContext tool, FiltersRequest request)
{
    /// <summary>Runs all of it, one line of progress a cell.</summary>
    public FiltersReport Run(string commandLine, CancellationToken cancellation)
    {
        DateTimeOffset started = tool.Time.GetUtcNow();
        LiveSealedSegment segment = new(SealedSegment.Open(tool.Files, request.Index));
        try
        {
            QuerySet queries = QuerySet.Load(tool, request.Queries, request.Index, segment.Dimension);
            int count = Math.Min(queries.Count, request.QueryCount);
            Categories categories = request.Columns is { } columns ? Categories.OfColumn(segment, segment.Sealed, columns.Category)
                : request.Attribute is null ? Categories.OfRows(segment.Sealed)
                : Categories.OfFile(tool.Files, request.Attribute, segment.Sealed);
            List<FilterCell> cells = [];
            if (request.Columns is null)
                Masks(segment, queries, count, categories, cells, cancellation);
            else
                Requests(segment, queries, count, categories, cells, cancellation);
            return new FiltersReport
            {
                CommandLine = commandLine,
                Started = started,
                Machine = Machine.Describe(tool.Files),
                Set = new SetReport
                {
                    Base = Path.GetFileName(request.Index),
                    Queries = Path.GetFileName(request.Queries),
                    Rows = segment.Count,
                    Dimension = segment.Dimension,
                    QueryCount = count,
                    Metric = segment.Metric.ToString(),
                    Truth = "exact scan of what the filter leaves",
                },
                Attribute = request.Columns?.Category ?? (request.Attribute is null ? null : Path.GetFileName(request.Attribute)),
                Categories = categories.Count,
                Rounds = request.Rounds,
                Cells = cells,
            };
        }
        finally
        {
            segment.Release();
        }
    }

    private void Masks(
        LiveSealedSegment segment, QuerySet queries, int count, Categories categories, List<FilterCell> cells,
        CancellationToken cancellation)
    {
        FilterMasks masks = new(segment.Sealed, categories);
        FilterTrial trial = new(segment, queries, request);
        foreach (FilterShape shape in request.Shapes)
        {
            foreach (double selectivity in FiltersRequest.Selectivities)
            {
                NodeMask[] made = new NodeMask[count];
                for (int query = 0; query < count; query++)
                    made[query] = masks.Make(shape, selectivity / 100, queries[query]);
                Cells(shape, selectivity, made, trial, cells, cancellation);
            }
        }
    }

    private void Requests(
        LiveSealedSegment segment, QuerySet queries, int count, Categories categories, List<FilterCell> cells,
        CancellationToken cancellation)
    {
        IndexSnapshot snapshot = new("bench", segment.Sealed.Generation, default, [segment]);
        try
        {
            snapshot.Attributes.Require(request.Columns!.Uniform, "--columns");
            ClauseFilters filters = new(segment.Sealed, categories, request.Columns);
            RequestTrial trial = new(snapshot, queries, request);
            foreach (FilterShape shape in request.Shapes)
            {
                foreach (double selectivity in FiltersRequest.Selectivities)
                {
                    Filter[] Fresh() =>
                        [.. Enumerable.Range(0, count).Select(query => filters.Make(shape, selectivity / 100, queries[query]))];
                    Filter[] made = Fresh();
                    trial.WarmUp(made[0], cancellation);
                    foreach (int k in FiltersRequest.Ks)
                    {
                        FilterCell cell = trial.Measure(shape, selectivity, k, made, Fresh, cancellation);
                        cells.Add(cell);
                        tool.Error.WriteLine(FiltersTable.Line(cell));
                    }
                }
            }
        }
        finally
        {
            snapshot.Release();
        }
    }

    private void Cells(
        FilterShape shape, double selectivity, NodeMask[] made, FilterTrial trial, List<FilterCell> cells, CancellationToken cancellation)
    {
        trial.WarmUp(made[0], cancellation);
        foreach (int k in FiltersRequest.Ks)
        {
            FilterCell cell = trial.Measure(shape, selectivity, k, made, cancellation);
            cells.Add(cell);
            tool.Error.WriteLine(FiltersTable.Line(cell));
        }
        foreach (NodeMask mask in made)
            mask.Dispose();
    }
}
