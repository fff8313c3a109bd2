using Ann.Core;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Segments;
using Google.Protobuf.Collections;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>Collects the results of a request's rows into the columns of its reply, and the costs of its searches.</summary>
internal sealed class SearchColumns
{
    private readonly IndexSnapshot _index;
    private readonly Wire.SearchResponse _reply;

    /// <param name="index">Where the results come from.</param>
    /// <param name="rows">Rows that will be added.</param>
    /// <param name="k">Results wanted for each.</param>
    public SearchColumns(IndexSnapshot index, int rows, int k)
    {
        _index = index;
        _reply = new Wire.SearchResponse
        {
            Keys = new Wire.KeyColumn(),
            Generation = index.Generation,
            Completeness = Wire.Completeness.Complete,
            Stats = new Wire.SearchStats(),
        };
        int results = rows * (int)Math.Min(k, index.Rows);
        _reply.Scores.Capacity = results;
        if (index.KeyKind == KeyKind.UInt64)
            _reply.Keys.Numbers.Capacity = results;
        else
            _reply.Keys.Texts.Capacity = results;
        _reply.RowOffsets.Capacity = rows + 1;
        _reply.RowOffsets.Add(0);
    }

    /// <summary>Appends the results of the next row, in the order of the search: nearest first.</summary>
    public void Add(ReadOnlySpan<SearchHit> results, in SearchStatistics statistics)
    {
        Metric metric = _index.Metric;
        RepeatedField<float> scores = _reply.Scores;
        foreach (SearchHit result in results)
            scores.Add(metric.ToScore(result.Distance));

        if (_index.KeyKind == KeyKind.UInt64)
        {
            RepeatedField<ulong> numbers = _reply.Keys.Numbers;
            foreach (SearchHit result in results)
                numbers.Add(_index.KeyOf(result).Number);
        }
        else
        {
            RepeatedField<string> texts = _reply.Keys.Texts;
            foreach (SearchHit result in results)
                texts.Add(_index.KeyOf(result).ToString());
        }
        _reply.RowOffsets.Add((uint)scores.Count);

        Wire.SearchStats stats = _reply.Stats;
        stats.Visited += (ulong)statistics.Visited;
        stats.Expanded += (ulong)statistics.Expanded;
        stats.Reranked += (ulong)statistics.Reranked;
        stats.EfSearch = (uint)statistics.EfSearch;
    }

    /// <summary>Appends rows without results: those that the deadline left no time for.</summary>
    public void AddEmpty(int rows)
    {
        for (int row = 0; row < rows; row++)
            _reply.RowOffsets.Add((uint)_reply.Scores.Count);
    }

    /// <summary>The reply. Nothing may be added any more.</summary>
    public Wire.SearchResponse ToResponse(TimeSpan queued, TimeSpan searched)
    {
        _reply.Stats.QueueUs = (ulong)queued.TotalMicroseconds;
        _reply.Stats.SearchUs = (ulong)searched.TotalMicroseconds;
        return _reply;
    }
}
