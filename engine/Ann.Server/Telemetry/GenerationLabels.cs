using System.Collections.Concurrent;

namespace Ann.Server.Telemetry;

/// <summary>
/// Generations as metrics tell them. A series of numbers, once begun, is kept until the process ends, and generations come for ever: so the
/// first of each index since the start are told by their ids, and those after them by one word. Safe for any thread.
/// </summary>
internal sealed class GenerationLabels
{
    /// <summary>What the later ones are called.</summary>
    public const string Later = "later";

    /// <summary>Generations of one index that are told by their ids.</summary>
    public const int MostOfIndex = 16;

    /// <summary>Generations of all indexes that are: indexes may come for ever too.</summary>
    private const int Most = 1024;

    private readonly ConcurrentDictionary<(string Index, string Generation), string> _labels = [];
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly Lock _adding = new();

    /// <summary>The label of a generation of an index.</summary>
    public string Of(string index, string generation) =>
        _labels.TryGetValue((index, generation), out string? label) ? label : Add(index, generation);

    private string Add(string index, string generation)
    {
        lock (_adding)
        {
            if (_labels.TryGetValue((index, generation), out string? label))
                return label;
            int count = _counts.GetValueOrDefault(index);
            if (count >= MostOfIndex || _labels.Count >= Most)
                return Later;
            _counts[index] = count + 1;
            return _labels[(index, generation)] = generation;
        }
    }
}
