using Ann.Core.Searching;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Recall;

/// <summary>Gathers over the rows of a request what tells whether its answer is whole, and how good.</summary>
/// <param name="effort">That the rows were searched with.</param>
internal struct AnswerQuality(SearchEffort effort)
{
    private double _recall;
    private int _rows;
    private bool _isTruncated;
    private bool _isLimited;

    /// <summary>Counts a row that was searched.</summary>
    public void Add(in SearchStatistics statistics)
    {
        _recall += effort.Known.Estimate(effort.Parameters, in statistics);
        _rows++;
        _isTruncated |= statistics.Stopped != StopReason.None;
    }

    /// <summary>Counts rows that the deadline left no time for.</summary>
    public void AddUnsearched(int rows)
    {
        _rows += rows;
        _isTruncated |= rows > 0;
    }

    /// <summary>Notes that a list may exist that meets caps and floors better.</summary>
    public void AddLimitedWork() => _isLimited = true;

    /// <summary>Writes it into the reply.</summary>
    public readonly void Write(Wire.SearchResponse reply)
    {
        reply.Completeness = _isTruncated ? Wire.Completeness.TruncatedDeadline
            : effort.IsReduced ? Wire.Completeness.DegradedOverload
            : _isLimited ? Wire.Completeness.LimitedWork
            : Wire.Completeness.Complete;
        reply.Stats.BrownOut = effort.Parameters.Exact ? 0 : (uint)effort.Step;
        if (_rows > 0 && !double.IsNaN(_recall))
            reply.Stats.EstimatedRecall = Math.Clamp(_recall / _rows, 0, 1);
        reply.Stats.TargetOutOfReach = effort.IsOutOfReach;
    }
}
