using Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>Filters, written short.</summary>
internal static class Clause
{
    public static Filter In(string attribute, params string[] values) =>
        new() { In = new InClause { Attribute = attribute, Keywords = { values } } };

    public static Filter In(string attribute, params long[] values) =>
        new() { In = new InClause { Attribute = attribute, Integers = { values } } };

    public static Filter In(string attribute, params bool[] values) =>
        new() { In = new InClause { Attribute = attribute, Bools = { values } } };

    public static Filter Between(string attribute, RangeBound? from, RangeBound? to) =>
        new() { Range = new RangeClause { Attribute = attribute, From = from, To = to } };

    public static Filter Exists(string attribute) => new() { Exists = attribute };

    public static Filter Keys(params ulong[] keys) => new() { Keys = LiveCalls.Keys(keys) };

    public static Filter All(params Filter[] clauses) => new() { AllOf = new FilterList { Clauses = { clauses } } };

    public static Filter Any(params Filter[] clauses) => new() { AnyOf = new FilterList { Clauses = { clauses } } };

    public static Filter Not(Filter clause) => new() { NoneOf = clause };

    public static RangeBound At(long value, bool exclusive = false) => new() { Integer = value, Exclusive = exclusive };

    public static RangeBound At(double value, bool exclusive = false) => new() { Real = value, Exclusive = exclusive };
}
