using Ann.Core;
using Ann.Encoding;
using Ann.Encoding.Batching;

namespace Ann.Tests.Encoding.Batching;

/// <summary>Encodes numbers as their squares, refuses some, and can be held in a run.</summary>
internal sealed class NumberEncoder : IBatchEncoder<int>
{
    private readonly List<int[]> _runs = [];

    public EncoderInfo Info { get; } = new("numbers", 1, 1, "cpu");

    public long MostWeight { get; init; } = 1000;

    /// <summary>Numbers that no run with them gets over.</summary>
    public HashSet<int> Refused { get; init; } = [];

    /// <summary>Called in each run.</summary>
    public Action<IReadOnlyList<int>>? Running { get; set; }

    /// <summary>What was run.</summary>
    public int[][] Runs
    {
        get
        {
            lock (_runs)
                return [.. _runs];
        }
    }

    public long WeightOf(int input) => 1 + input % 7;

    public long BytesOf(int input) => sizeof(int);

    public int GroupOf(int input) => input % 2;

    public void Encode(IReadOnlyList<int> inputs, Span<float> rows, CancellationToken cancellation)
    {
        lock (_runs)
            _runs.Add([.. inputs]);
        Running?.Invoke(inputs);
        for (int i = 0; i < inputs.Count; i++)
        {
            if (Refused.Contains(inputs[i]))
                throw AnnException.Invalid($"rows[{i}]", $"Row {i} of encoder 'numbers' is {inputs[i]}.");
            rows[i] = inputs[i] * inputs[i];
        }
    }
}
