using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Server.Admission;
using Google.Protobuf.Collections;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>Collects the results of a request's rows into the columns of its reply, and the costs of its searches.</summary>
internal sealed class SearchColumns
{
    private readonly IndexSnapshot _index;
    private readonly Wire.SearchResponse _reply;
    private readonly AskedFields _asked;
    private readonly AttributeColumn[] _attributes;
    private readonly ReplyRoom _room;

    /// <param name="index">Where the results come from.</param>
    /// <param name="rows">Rows that will be added.</param>
    /// <param name="k">Results wanted for each.</param>
    /// <param name="asked">What is wanted back beside keys and scores.</param>
    /// <param name="room">For the reply.</param>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: there is no room for so many.</exception>
    public SearchColumns(IndexSnapshot index, int rows, int k, AskedFields asked, ReplyRoom room)
    {
        int results = rows * (int)Math.Min(k, index.Rows);
        room.Take(ReplyRoom.OfNumbers(2L * results + rows + 1) + (long)asked.Attributes.Length * ReplyRoom.ColumnBytes);
        _room = room;
        _asked = asked;
        _attributes = asked.Attributes.Length == 0
            ? []
            : Array.ConvertAll(asked.Attributes, column => new AttributeColumn(index.Attributes.Fields[column]));
        _index = index;
        _reply = new Wire.SearchResponse
        {
            Keys = new Wire.KeyColumn(),
            Generation = index.Generation,
            Completeness = Wire.Completeness.Complete,
            Stats = new Wire.SearchStats(),
        };
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
        Add(results);
        AddCosts(in statistics);
    }

    /// <summary>Adds what searches cost.</summary>
    public void AddCosts(in SearchStatistics statistics)
    {
        Wire.SearchStats stats = _reply.Stats;
        stats.Visited += (ulong)statistics.Visited;
        stats.Expanded += (ulong)statistics.Expanded;
        stats.Reranked += (ulong)statistics.Reranked;
        stats.EfSearch = (uint)statistics.EfSearch;
        stats.Plan = statistics.Plan.ToWire();
    }

    /// <summary>Appends a list.</summary>
    public void Add(ReadOnlySpan<SearchHit> results)
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
            {
                ItemKey key = _index.KeyOf(result);
                _room.Take(ReplyRoom.OfText(key.Utf8.Length));
                texts.Add(key.ToString());
            }
        }
        for (int i = 0; i < _attributes.Length; i++)
            ItemColumns.Copy(_index, results, _asked.Attributes[i], _attributes[i], _room);
        if (_asked.Payloads)
            ItemColumns.Copy(_index, results, _reply.Payloads, _room);
        _reply.RowOffsets.Add((uint)scores.Count);
    }

    /// <summary>Tells what could be returned at all.</summary>
    public void Restrict(long matching, double selectivity, TimeSpan selecting)
    {
        _reply.Stats.Matching = (ulong)matching;
        _reply.Stats.Selectivity = selectivity;
        _reply.Stats.FilterUs = (ulong)selecting.TotalMicroseconds;
    }

    /// <summary>Tells which rows the results of a merged list came from, and what caps and floors did.</summary>
    public void Explain(RankingAnswer answer)
    {
        _reply.FromRows.Add(answer.FromRows.Select(static row => (uint)row));
        foreach (QuotaFact fact in answer.Quotas)
        {
            Wire.QuotaFact told = new() { Row = (uint)fact.List, Value = fact.Value, Count = (uint)fact.Count };
            if (fact.Cap >= 0)
                told.Cap = (uint)fact.Cap;
            else
                told.Floor = (uint)fact.Floor;
            _reply.Quotas.Add(told);
        }
    }

    /// <summary>Appends rows without results: those that the deadline left no time for.</summary>
    public void AddEmpty(int rows)
    {
        for (int row = 0; row < rows; row++)
            _reply.RowOffsets.Add((uint)_reply.Scores.Count);
    }

    /// <summary>The reply. Nothing may be added any more.</summary>
    public Wire.SearchResponse ToResponse(TimeSpan queued, TimeSpan searched, TimeSpan encoded)
    {
        foreach (AttributeColumn column in _attributes)
            _reply.Attributes.Add(WireAttributes.ToWire(column));
        _reply.Stats.QueueUs = (ulong)queued.TotalMicroseconds;
        _reply.Stats.SearchUs = (ulong)searched.TotalMicroseconds;
        _reply.Stats.EncodeUs = (ulong)encoded.TotalMicroseconds;
        return _reply;
    }
}
