using Ann.Core;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Ranking;
using Google.Protobuf.Collections;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>What a request excludes, checked.</summary>
internal static class WireExclusions
{
    private const string Field = "exclude";

    /// <summary>All that some exclusions hold; null when there is none.</summary>
    public static ExcludedKeys? UnionOf(IReadOnlyList<NamedExclusion> parts) =>
        Exclusion.Union([.. parts.Select(static part => part.Keys)]);

    /// <summary>Reads the exclusions of a request, one by one. Sets are taken as they are now.</summary>
    /// <param name="exclude">Of the request; null when it has none.</param>
    /// <param name="index">The index that the request names.</param>
    /// <param name="kind">What it has as keys.</param>
    /// <param name="mostKeys">Keys allowed (<see cref="ServerOptions.MaxExcludedKeys"/>).</param>
    /// <returns>The keys of each, with its name: "keys", "roaring", or that of the set.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/> with field <c>exclude.keys</c>, <c>exclude.roaring</c> or <c>exclude.sets</c>.
    /// <see cref="AnnError.FailedPrecondition"/>: it names sets of an index that cannot have any. <see cref="AnnError.Corrupt"/>,
    /// <see cref="AnnError.Unavailable"/>: it names sets, and their file cannot be used.
    /// </exception>
    public static IReadOnlyList<NamedExclusion> ReadParts(Wire.Exclusions? exclude, HostedIndex index, KeyKind kind, int mostKeys)
    {
        List<NamedExclusion> parts = [];
        if (exclude is null)
            return parts;
        if (exclude.Keys is { } keys && keys.Numbers.Count + keys.Texts.Count > 0)
            parts.Add(new NamedExclusion("keys", Exclusion.OfKeys(WireKeys.Read(keys, kind, index.Name, mostKeys, $"{Field}.keys"))));
        if (!exclude.Roaring.IsEmpty)
        {
            if (kind != KeyKind.UInt64)
                throw AnnException.Invalid($"{Field}.roaring", $"{Field}.roaring holds numbers; index '{index.Name}' has texts as keys.");
            parts.Add(new NamedExclusion("roaring", OfRoaring(exclude)));
        }
        if (exclude.Sets.Count > 0)
            AddSets(parts, exclude.Sets, index);
        return parts;
    }

    private static ExcludedKeys OfRoaring(Wire.Exclusions exclude)
    {
        try
        {
            return Exclusion.OfRoaring(exclude.Roaring.Memory, exclude.Roaring64);
        }
        catch (AnnException e) when (e.Field == RoaringReader.Field)
        {
            throw e.Renamed($"{Field}.roaring");
        }
    }

    private static void AddSets(List<NamedExclusion> parts, RepeatedField<string> names, HostedIndex index)
    {
        if (names.Count > Exclusion.MaxSets)
            throw AnnException.Invalid($"{Field}.sets", $"{Field}.sets names {names.Count} sets; at most {Exclusion.MaxSets} may be.");
        ItemSets sets = index.RequireSets();
        foreach (string name in names)
        {
            ItemSets.RequireName($"{Field}.sets", name);
            if (sets.Find(name) is { } keys)
                parts.Add(new NamedExclusion(name, keys));
        }
    }
}
