using System.Collections.Frozen;
using System.Text.Json;
using Ann.Core;
using Ann.Core.Searching;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>An enum of the core and its twin on the wire: values have the same names. The wire's zero is Unknown, or none.</summary>
internal static class WireEnum<TCore, TWire>
    where TCore : struct, Enum
    where TWire : struct, Enum
{
    private static readonly FrozenDictionary<TCore, TWire> Twins = Enum.GetValues<TCore>().ToFrozenDictionary(
        static value => value, static value => value.ToString() == "Unknown" ? default : Enum.Parse<TWire>(value.ToString(), true));

    private static readonly FrozenDictionary<TWire, TCore> Values = Twins.ToFrozenDictionary(
        static pair => pair.Value, static pair => pair.Key);

    /// <summary>A value on the wire.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such value; names it.</exception>
    public static TWire ToWire(TCore value) => Twins.TryGetValue(value, out TWire twin)
        ? twin
        : throw new ArgumentOutOfRangeException(nameof(value), value, $"The wire has no such {typeof(TCore).Name}.");

    /// <summary>A value of a request.</summary>
    /// <param name="field">Of the request.</param>
    /// <param name="wire">What it holds.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: unspecified or unknown; names the field.</exception>
    public static TCore Read(string field, TWire wire) =>
        TryRead(wire, out TCore value) ? value : throw AnnException.Invalid(field, $"{field} is {wire}; it must be {Known()}.");

    /// <summary>The same without an error.</summary>
    public static bool TryRead(TWire wire, out TCore value) => Values.TryGetValue(wire, out value);

    private static string Known()
    {
        string[] names = [.. Twins.Values.Order().Select(static twin => JsonNamingPolicy.SnakeCaseUpper.ConvertName(twin.ToString()))];
        return $"{string.Join(", ", names[..^1])} or {names[^1]}";
    }
}

/// <summary>A value of the core that may be none.</summary>
internal static class WireEnums
{
    /// <summary>How a search was done; unspecified where there was none.</summary>
    public static Wire.Plan ToWire(this SearchPlan plan) =>
        plan == 0 ? Wire.Plan.Unspecified : WireEnum<SearchPlan, Wire.Plan>.ToWire(plan);
}
