using System.Globalization;

namespace Ann.Core.Attributes;

/// <summary>Checks the bounds of one range, and makes them inclusive numbers of the attribute's type.</summary>
/// <param name="range">As it was given.</param>
/// <param name="attribute">Of which it is.</param>
/// <param name="path">How the caller spells the clause.</param>
internal sealed class RangeBinding(Filter.Between range, AttributeField attribute, string path)
{
    /// <summary>Bounds of whole numbers. A range that no number lies in ends before it begins.</summary>
    public (long From, long To) Integers()
    {
        CheckType();
        long from = range.From?.Integer ?? long.MinValue;
        long to = range.To?.Integer ?? long.MaxValue;
        CheckOrder(from > to);
        bool isEmpty = false;
        if (range.From is { IsExclusive: true } && !(isEmpty = from == long.MaxValue))
            from++;
        if (range.To is { IsExclusive: true } && !(isEmpty |= to == long.MinValue))
            to--;
        return isEmpty || from > to ? (1, 0) : (from, to);
    }

    /// <summary>The same of doubles.</summary>
    public (double From, double To) Doubles()
    {
        CheckType();
        double from = range.From is null ? double.NegativeInfinity : Lower(range.From);
        double to = range.To is null ? double.PositiveInfinity : -Lower(Negated(range.To));
        CheckOrder(range.From is not null && range.To is not null && IsAbove(range.From, range.To));
        bool isEmpty = from > to || double.IsNaN(from) || double.IsNaN(to);
        return isEmpty ? (1, 0) : (from + 0.0, to + 0.0); // one zero: −0 + 0 is +0
    }

    /// <summary>The least double that a lower bound takes; NaN when it takes none.</summary>
    private static double Lower(FilterBound bound)
    {
        if (bound.Integer is not long integer)
            return bound.IsExclusive ? Next(bound.Real!.Value) : bound.Real!.Value;

        // Of doubles none lies between a whole number and the nearest one to it.
        double nearest = integer;
        Int128 rounded = (Int128)nearest;
        return rounded < integer || (rounded == integer && bound.IsExclusive) ? Next(nearest) : nearest;
    }

    private static double Next(double value) => double.IsPositiveInfinity(value) ? double.NaN : double.BitIncrement(value);

    private static FilterBound Negated(FilterBound bound) => bound.Integer switch
    {
        long.MinValue => new FilterBound(null, 9223372036854775808.0, bound.IsExclusive),
        long integer => new FilterBound(-integer, null, bound.IsExclusive),
        _ => new FilterBound(null, -bound.Real, bound.IsExclusive),
    };

    private static bool IsAbove(FilterBound from, FilterBound to)
    {
        if (from.Integer is long least && to.Integer is long most)
            return least > most;
        return (from.Real ?? from.Integer!.Value) > (to.Real ?? to.Integer!.Value);
    }

    private static string TextOf(FilterBound bound) => bound.Integer is long integer
        ? integer.ToString(CultureInfo.InvariantCulture)
        : bound.Real!.Value.ToString("R", CultureInfo.InvariantCulture);

    private void CheckType()
    {
        if (attribute.Traits.Form is not (AttributeForm.Integer or AttributeForm.Real))
        {
            throw AnnException.Invalid(
                path, $"attribute '{attribute.Name}' is of type {attribute.Type}, which has no ranges; Int64, Timestamp and Double have.");
        }
        if (range.From is null && range.To is null)
            throw AnnException.Invalid(path, $"the range of attribute '{attribute.Name}' has no bound; from or to is needed.");
        CheckType(range.From, $"{path}.from");
        CheckType(range.To, $"{path}.to");
    }

    private void CheckType(FilterBound? bound, string name)
    {
        if (bound is null)
            return;
        if (bound.Integer is null == bound.Real is null)
        {
            throw AnnException.Invalid(
                name, $"the bound has {(bound.Integer is null ? "no value" : "an integer and a real")}; one value is needed.");
        }
        if (bound.Real is not double real)
            return;
        if (double.IsNaN(real))
            throw AnnException.Invalid($"{name}.real", "the bound is NaN; a number is needed.");
        if (attribute.Traits.Form != AttributeForm.Real)
        {
            throw AnnException.Invalid(
                $"{name}.real", $"attribute '{attribute.Name}' is of type {attribute.Type}; a real was given. Give an integer.");
        }
    }

    private void CheckOrder(bool isReversed)
    {
        if (isReversed)
            throw AnnException.Invalid(path, $"from ({TextOf(range.From!)}) is above to ({TextOf(range.To!)}).");
    }
}
