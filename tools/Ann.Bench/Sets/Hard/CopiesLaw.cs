using Ann.Core;

namespace Ann.Bench.Sets.Hard;

/// <summary>
/// Distinct rows and groups of identical ones, in an order of the seed's. A third of the queries lie near distinct rows, a third near
/// groups, and a third are further distinct rows.
/// </summary>
internal sealed class CopiesLaw : HardLaw
{
    /// <summary>Distance of a query from what it lies near, a component, where rows are 1 apart.</summary>
    private const float QueryNoise = 0.3f;

    private const int GroupStream = 4;

    private readonly int _distinct;
    private readonly int[] _groupOf;
    private readonly int[] _places;
    private readonly int _groups;
    private readonly bool _zero;

    /// <param name="seed">Of the set.</param>
    /// <param name="dimension">Components of a row.</param>
    /// <param name="metric">Of the truth.</param>
    /// <param name="distinct">Rows that no other equals.</param>
    /// <param name="groups">Rows of each group.</param>
    /// <param name="zero">True: groups are of the zero row, and queries near them lie around zero.</param>
    public CopiesLaw(ulong seed, int dimension, Metric metric, int distinct, int[] groups, bool zero = false)
        : base(seed, dimension, metric)
    {
        _distinct = distinct;
        _groups = groups.Length;
        _zero = zero;
        _groupOf = [.. groups.SelectMany(static (size, group) => Enumerable.Repeat(group, size))];
        _places = Shuffled(distinct + _groupOf.Length);
    }

    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        if (stream == BaseStream)
        {
            int place = _places[row];
            if (place < _distinct)
                Distinct(place, values);
            else
                Group(_groupOf[place - _distinct], values);
            return;
        }

        RowRandom random = Random(stream, row);
        switch (row % 3)
        {
            case 0:
                Distinct(NextBelow(ref random, _distinct), values);
                AddNoise(ref random, values, QueryNoise);
                break;
            case 1:
                Group(NextBelow(ref random, _groups), values);
                AddNoise(ref random, values, QueryNoise);
                break;
            default:
                Normal(ref random, values);
                break;
        }
    }

    private void Distinct(int number, Span<float> values)
    {
        RowRandom random = Random(LawStream, number);
        Normal(ref random, values);
    }

    private void Group(int group, Span<float> values)
    {
        RowRandom random = Random(GroupStream, group);
        Normal(ref random, values, _zero ? 0 : 1);
        if (_zero)
            values.Clear(); // −0 is not the bytes of 0
    }
}
