using Ann.Protocol.V1;

namespace Ann.Bench.Promise;

/// <summary>Gathers the answers to one kind of request.</summary>
internal sealed class PromiseTally
{
    /// <summary>Classes of estimates, a fiftieth wide.</summary>
    private const int Classes = 50;

    private readonly List<double> _recalls = [];
    private readonly double[] _estimates = new double[Classes + 1];
    private readonly double[] _found = new double[Classes + 1];
    private int _estimated;
    private double _ef;
    private int _scans;
    private int _outOfReach;

    /// <summary>Adds an answer.</summary>
    public void Add(SearchResponse answer, double recall)
    {
        _recalls.Add(recall);
        _ef += answer.Stats.EfSearch;
        _scans += answer.Stats.Plan == Plan.Scan ? 1 : 0;
        _outOfReach += answer.Stats.TargetOutOfReach ? 1 : 0;
        if (!answer.Stats.HasEstimatedRecall)
            return;
        _estimated++;
        int place = (int)(answer.Stats.EstimatedRecall * Classes);
        _estimates[place] += answer.Stats.EstimatedRecall;
        _found[place] += recall;
    }

    /// <summary>The figures.</summary>
    public PromiseFigures Figures
    {
        get
        {
            double mean = _recalls.Average();
            double variance = _recalls.Sum(recall => (recall - mean) * (recall - mean)) / Math.Max(1, _recalls.Count - 1);
            return new PromiseFigures
            {
                Recall = mean,
                Chance = 1.65 * Math.Sqrt(variance / _recalls.Count),
                Estimated = _estimated,
                Estimate = _estimates.Sum() / _estimated,
                RecallOfEstimated = _found.Sum() / _estimated,
                Error = Enumerable.Range(0, Classes + 1).Sum(place => Math.Abs(_estimates[place] - _found[place])) / _estimated,
                Ef = _ef / _recalls.Count,
                Scans = (double)_scans / _recalls.Count,
                OutOfReach = (double)_outOfReach / _recalls.Count,
            };
        }
    }
}
