using Ann.Core;
using Ann.Core.Exclusions;
using Ann.Core.Keys;
using Ann.Tests.Files;

namespace Ann.Tests.Exclusions;

/// <summary>A clock that goes when it is told.</summary>
internal sealed class ManualTime : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}

/// <summary>Item sets in simulated files.</summary>
internal static class SetFixture
{
    public const string Home = "/shop";
    public const string LogPath = "/shop/sets.log";

    public static SimulatedFileSystem NewFiles()
    {
        SimulatedFileSystem files = new();
        files.CreateDirectory(Home);
        files.FlushDirectory("/");
        return files;
    }

    /// <summary>Salts are 1, 2, …, so that files are the same in every run.</summary>
    public static ItemSets Open(
        SimulatedFileSystem files, TimeProvider? time = null, KeyKind kind = KeyKind.UInt64, long leastCompacted = 1 << 20,
        MemoryBudget? budget = null)
    {
        ulong salt = 0;
        budget ??= MemoryBudget.Unlimited();
        return ItemSets.Open(new ItemSetsHome(files, Home, "shop", kind, budget, time ?? TimeProvider.System)
        {
            LeastCompactedBytes = leastCompacted,
            Salts = () => ++salt,
        });
    }

    public static KeyColumn Numbers(params ulong[] keys) => ExcludedKeysTests.Column(keys);

    /// <summary>The keys of a set in their order; empty when there is none.</summary>
    public static List<string> Keys(ItemSets sets, string name)
    {
        List<string> keys = [];
        if (sets.Find(name) is not SetKeys set)
            return keys;
        for (int i = 0; i < set.Count; i++)
            keys.Add(set.Run[i].ToString());
        return keys;
    }

    public static async Task<AnnException> Fails(Task task) => await Assert.ThrowsAsync<AnnException>(() => task);
}
