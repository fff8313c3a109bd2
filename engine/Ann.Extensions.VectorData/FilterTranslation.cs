using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Linq.Expressions;
using Ann.Client;
using Ann.Protocol.V1;
using Microsoft.Extensions.VectorData.ProviderServices;
using Microsoft.Extensions.VectorData.ProviderServices.Filter;

namespace Ann.Extensions.VectorData;

/// <summary>
/// A filter in C# as one of the server: comparisons of a property with a value, <c>Contains</c>, <c>&amp;&amp;</c>, <c>||</c>, <c>!</c>,
/// and bool properties by themselves. What it has no word for is refused, and named.
/// </summary>
internal sealed class FilterTranslation(RecordModel model) : FilterTranslatorBase
{
    /// <summary>The filter.</summary>
    /// <exception cref="NotSupportedException">An expression that the server cannot evaluate; named.</exception>
    public ItemFilter Translate(LambdaExpression filter) =>
        OfNode(PreprocessFilter(filter, model.Records, new FilterPreprocessingOptions()));

    private ItemFilter OfNode(Expression node) => node switch
    {
        BinaryExpression { NodeType: ExpressionType.AndAlso } both => OfNode(both.Left) & OfNode(both.Right),
        BinaryExpression { NodeType: ExpressionType.OrElse } either => OfNode(either.Left) | OfNode(either.Right),
        BinaryExpression comparison => OfComparison(comparison),
        UnaryExpression { NodeType: ExpressionType.Not } not => !OfNode(not.Operand),
        UnaryExpression { NodeType: ExpressionType.Convert } convert when convert.Type == typeof(bool) => OfNode(convert.Operand),
        ConstantExpression { Value: bool value } => value ? Everything() : !Everything(),
        MethodCallExpression call when TryMatchContains(call, out Expression? source, out Expression? item) =>
            OfContains(call, source, item),
        _ when TryProperty(node, out PropertyModel? property) && node.Type == typeof(bool) =>
            ItemFilter.Is(property.StorageName, true),
        _ => throw Refused(node),
    };

    private ItemFilter OfComparison(BinaryExpression comparison)
    {
        if (TryProperty(comparison.Left, out PropertyModel? left) && TryValue(comparison.Right, out object? value))
            return Compare(comparison, comparison.NodeType, left, value);
        return TryProperty(comparison.Right, out PropertyModel? right) && TryValue(comparison.Left, out value)
            ? Compare(comparison, Mirrored(comparison.NodeType), right, value)
            : throw Refused(comparison);
    }

    private static ItemFilter Compare(Expression whole, ExpressionType how, PropertyModel property, object? value) => how switch
    {
        ExpressionType.Equal => Equal(whole, property, value),
        ExpressionType.NotEqual => !Equal(whole, property, value),
        ExpressionType.GreaterThan => Range(whole, property, value, null, isExclusive: true),
        ExpressionType.GreaterThanOrEqual => Range(whole, property, value, null, isExclusive: false),
        ExpressionType.LessThan => Range(whole, property, null, value, isExclusive: true),
        ExpressionType.LessThanOrEqual => Range(whole, property, null, value, isExclusive: false),
        _ => throw Refused(whole),
    };

    private static ItemFilter Equal(Expression whole, PropertyModel property, object? value)
    {
        if (property is KeyPropertyModel)
            return value is null ? throw Refused(whole) : ItemFilter.KeyIn(StoreKeys.Of(value));
        string name = property.StorageName;
        return value switch
        {
            null => !ItemFilter.Exists(name),
            bool bit => ItemFilter.Is(name, bit),
            string or Guid => ItemFilter.In(name, RecordFieldKind.TextOf(value)),
            float or double => Range(whole, property, value, value, isExclusive: false),
            DateTime or DateTimeOffset => Range(whole, property, value, value, isExclusive: false),
            IConvertible number when IsWhole(value) => ItemFilter.In(name, number.ToInt64(CultureInfo.InvariantCulture)),
            _ => throw Refused(whole),
        };
    }

    private static ItemFilter Range(Expression whole, PropertyModel property, object? from, object? to, bool isExclusive)
    {
        if (property is KeyPropertyModel || (from ?? to) is null)
            throw Refused(whole);
        RangeClause clause = new() { Attribute = property.StorageName };
        if (from is not null)
            clause.From = Bound(whole, from, isExclusive);
        if (to is not null)
            clause.To = Bound(whole, to, isExclusive);
        return ItemFilter.From(new Filter { Range = clause });
    }

    private static RangeBound Bound(Expression whole, object value, bool isExclusive)
    {
        RangeBound bound = new() { Exclusive = isExclusive };
        if (value is float or double)
            bound.Real = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        else if (value is DateTime or DateTimeOffset)
            bound.Integer = (RecordFieldKind.TimeOf(value) - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        else if (IsWhole(value))
            bound.Integer = Convert.ToInt64(value, CultureInfo.InvariantCulture);
        else
            throw Refused(whole);
        return bound;
    }

    /// <summary>A set of the record has a value, or a list of values has the record's.</summary>
    private ItemFilter OfContains(MethodCallExpression call, Expression source, Expression item)
    {
        if (TryProperty(source, out PropertyModel? set) && TryValue(item, out object? value))
            return value is string text ? ItemFilter.In(set.StorageName, text) : throw Refused(call);
        if (!TryValues(source, out IEnumerable? values) || !TryProperty(item, out PropertyModel? property))
            throw Refused(call);
        object[] all = [.. values.Cast<object?>().Select(one => one ?? throw Refused(call))];
        if (all.Length == 0)
            return !Everything();
        if (property is KeyPropertyModel)
            return ItemFilter.KeyIn(StoreKeys.OfAll(all));
        return all[0] switch
        {
            string or Guid => ItemFilter.In(property.StorageName, [.. all.Select(RecordFieldKind.TextOf)]),
            _ when all.All(IsWhole) =>
                ItemFilter.In(property.StorageName, [.. all.Select(static one => Convert.ToInt64(one, CultureInfo.InvariantCulture))]),
            _ => ItemFilter.Any([.. all.Select(one => Equal(call, property, one))]),
        };
    }

    /// <summary>A property that is an attribute, or the key.</summary>
    /// <exception cref="NotSupportedException">It is a property that is in the payload.</exception>
    private bool TryProperty(Expression node, [NotNullWhen(true)] out PropertyModel? property) =>
        TryBindProperty(node, out property) && model.Payload.Has(property)
            ? throw new NotSupportedException(
                $"The filter has '{node}', which is not indexed: IsIndexed = true of '{property.ModelName}' makes it an attribute, in a "
                + "collection that is made with it.")
            : property is not null;

    /// <summary>True of every item: its key is one, or is not.</summary>
    private ItemFilter Everything()
    {
        ItemFilter one = ItemFilter.KeyIn(model.HasTextKeys ? (ItemKeys)" " : 0UL);
        return one | !one;
    }

    private static bool IsWhole(object value) => value is byte or sbyte or short or ushort or int or uint or long;

    private static bool TryValue(Expression node, out object? value)
    {
        while (node is UnaryExpression { NodeType: ExpressionType.Convert } convert)
            node = convert.Operand;
        value = (node as ConstantExpression)?.Value;
        return node is ConstantExpression;
    }

    private static bool TryValues(Expression node, [NotNullWhen(true)] out IEnumerable? values)
    {
        values = node is NewArrayExpression array
            && array.Expressions.All(static one => TryValue(one, out _))
                ? array.Expressions.Select(static one => TryValue(one, out object? value) ? value : null).ToArray()
                : TryValue(node, out object? constant) ? constant as IEnumerable : null;
        return values is not null and not string;
    }

    private static ExpressionType Mirrored(ExpressionType how) => how switch
    {
        ExpressionType.GreaterThan => ExpressionType.LessThan,
        ExpressionType.GreaterThanOrEqual => ExpressionType.LessThanOrEqual,
        ExpressionType.LessThan => ExpressionType.GreaterThan,
        ExpressionType.LessThanOrEqual => ExpressionType.GreaterThanOrEqual,
        _ => how,
    };

    private static NotSupportedException Refused(Expression node) => new(
        $"The filter has '{node}', which AnnServer cannot evaluate. It takes ==, !=, <, <=, >, >= of a property and a value, Contains, "
        + "&&, || and !.");
}
