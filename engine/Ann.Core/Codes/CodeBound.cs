namespace Ann.Core.Codes;

/// <summary>
/// How near a row may be of which only the distance by codes is known. Made for a query and a kind of codes; the step of each row's code
/// is given with its distance.
/// </summary>
/// <remarks>
/// Rounding a component to a step s errs by s/√12, and a dot product with a vector of length L by L·s/√12, near to normally; three of
/// those cover 997 of 1,000. Where the error of a distance is that of a dot product with q − x, it follows from the distance D itself:
/// what was measured is at most D + 2·√D·3·s/√12. Else the length is the query's.
/// </remarks>
internal readonly record struct CodeBound
{
    private const float ErrorPerStep = 3 / 3.4641016f;

    /// <summary>Rounding of float32 in a distance that is a difference of squares, as a share of the larger.</summary>
    private const float Rounding = 1f / (1 << 21);

    private readonly float _length;
    private readonly float _perSquare;
    private readonly float _offset;
    private readonly float _stepPerWeight;
    private readonly float _bias;
    private readonly float _slack;

    private CodeBound(float length, float perSquare, float offset, float stepPerWeight, float bias, float slack)
    {
        _length = length;
        _perSquare = perSquare;
        _offset = offset;
        _stepPerWeight = stepPerWeight;
        _bias = bias;
        _slack = slack;
    }

    /// <summary>The error of a dot product with a vector of the same length for every row.</summary>
    /// <param name="length">Of that vector.</param>
    /// <param name="stepPerWeight">Step of a code for each unit of the row's weight.</param>
    public static CodeBound OfLength(float length, float stepPerWeight) => new(length, 0, 0, stepPerWeight, 0, 0);

    /// <summary>The error follows from a squared Euclidean distance.</summary>
    /// <param name="metric">One whose distances tell squares: <see cref="MetricTraits.SquaresPerDistance"/>.</param>
    /// <param name="stepPerWeight">Step of a code for each unit of the row's weight.</param>
    /// <param name="squares">Square of the vector that was quantised: what rounding may lose.</param>
    /// <param name="components">
    /// Components of a vector where distances are to the points that codes stand for: these have their own squared errors on top. 0 where
    /// they are not.
    /// </param>
    /// <param name="queryStep">
    /// Step that the query was rounded to, where that counts beside the codes: rows whose codes err by nothing, as those that are the
    /// query, are told apart by it. 0 where it does not.
    /// </param>
    public static CodeBound OfDistance(Metric metric, float stepPerWeight, float squares, int components = 0, float queryStep = 0)
    {
        // The square of a rounded component is s²/12 on average, with a variance of s⁴/180.
        float bias = components / 12f + 3 * MathF.Sqrt(components / 180f);
        float slack = Rounding * squares + 2 * ErrorPerStep * queryStep * MathF.Sqrt(squares);
        MetricTraits traits = metric.Traits();
        return new(0, traits.SquaresPerDistance, traits.SquaresOffset, stepPerWeight, bias, slack);
    }

    /// <summary>A distance that the row is hardly nearer than.</summary>
    /// <param name="distance">By codes.</param>
    /// <param name="weight">The row's, whose magnitude tells the step.</param>
    public float LeastOf(float distance, float weight)
    {
        float step = _stepPerWeight * MathF.Abs(weight);
        float error = ErrorPerStep * step;
        if (_perSquare == 0)
            return distance - error * _length;
        float squares = _perSquare * distance + _offset - _bias * step * step - _slack;
        float root = squares > 0 ? squares / (MathF.Sqrt(error * error + squares) + error) : 0;
        return (root * root - _offset) / _perSquare;
    }
}
