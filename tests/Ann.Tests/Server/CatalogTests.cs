using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;

namespace Ann.Tests.Server;

/// <summary>Goal: names come from files, each once, and a bad one is told with its file.</summary>
[Collection(typeof(ServerTests))]
public sealed class CatalogTests(SampleIndexes samples)
{
    [Theory]
    [InlineData("a", true)]
    [InlineData("Shop_items-2026.07", true)]
    [InlineData("", false)]
    [InlineData(".hidden", false)]
    [InlineData("-rf", false)]
    [InlineData("a@b", false)]
    [InlineData("a b", false)]
    [InlineData("größe", false)]
    [InlineData("a/b", false)]
    public void NamesAreWhatEveryToolLeavesAlone(string name, bool valid) => Assert.Equal(valid, IndexName.IsValid(name));

    [Fact]
    public void ANameHasAtMost128Characters()
    {
        Assert.True(IndexName.IsValid(new string('x', 128)));
        Assert.False(IndexName.IsValid(new string('x', 129)));
    }

    [Fact]
    public void TwoFilesOfOneNameAreRefusedNamingBoth()
    {
        string copy = Path.Combine(samples.NewDirectory(), "plain.ann");
        File.Copy(samples.L2, copy);

        AnnException named = Assert.Throws<AnnException>(() => Find([samples.L2, copy], null));
        AnnException found = Assert.Throws<AnnException>(() => Find([samples.L2], Path.GetDirectoryName(copy)));

        Assert.All([named, found], e =>
        {
            Assert.Equal(AnnError.AlreadyExists, e.Error);
            Assert.Contains(copy, e.Message, StringComparison.Ordinal);
            Assert.Contains(samples.L2, e.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void OneFileNamedTwiceCountsOnce() =>
        Assert.Single(Find([samples.L2, Path.Combine(Path.GetDirectoryName(samples.L2)!, ".", "plain.ann")], null));

    [Fact]
    public void AFileWhoseNameIsNoIndexNameIsTold()
    {
        string path = Path.Combine(samples.NewDirectory(), "my index.ann");
        File.Copy(samples.L2, path);

        IndexSource found = Assert.Single(Find([], Path.GetDirectoryName(path)));
        AnnException named = Assert.Throws<AnnException>(() => Find([path], null));

        Assert.Equal("my index", found.Name);
        Assert.All([named, found.Fault!], e =>
        {
            Assert.Equal(AnnError.InvalidArgument, e.Error);
            Assert.Contains(path, e.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void OneNamedFileThatIsMissingKeepsTheOthersFromNothing()
    {
        string nothing = Path.Combine(samples.NewDirectory(), "nothing.ann");

        IReadOnlyList<IndexSource> found = Find([nothing, samples.L2], null);

        Assert.Equal([("nothing", true), ("plain", false)], found.Select(static one => (one.Name, one.Fault is not null)));
    }

    /// <summary>A name goes to whoever can be served.</summary>
    [Fact]
    public void WhatCannotBeServedTakesNobodysName()
    {
        string missing = Path.Combine(samples.NewDirectory(), "plain.ann");

        IReadOnlyList<IndexSource> found = Find([missing, samples.L2], null);

        Assert.Equal(samples.L2, found.Single(static one => one.Name == "plain").Path);
        Assert.Equal(missing, found.Single(static one => one.Name == "plain.ann").Path);
    }

    [Fact]
    public void MissingFilesAndDirectoriesAreRefused()
    {
        string nothing = Path.Combine(samples.NewDirectory(), "nothing.ann");

        AnnException file = Assert.Throws<AnnException>(() => Find([nothing], null));
        AnnException directory = Assert.Throws<AnnException>(() => Find([], nothing));

        Assert.All([file, directory], e => Assert.Equal(AnnError.NotFound, e.Error));
        Assert.All([file, directory], e => Assert.Contains(nothing, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnIndexServesOnlyWhenItIsWarm()
    {
        using IndexCatalog catalog = new(Find([samples.L2], null));
        Assert.Equal(AnnError.Unavailable, Refused(catalog, "plain").Error);

        IndexState duringWarmUp = default;
        await catalog.Indexes[0].LoadAsync(Opening(), _ => duringWarmUp = catalog.Indexes[0].Status.State);

        Assert.Equal(IndexState.Loading, duringWarmUp);
        using SnapshotLease any = catalog.Acquire("plain");
        using SnapshotLease exact = catalog.Acquire("plain@" + any.Snapshot.Generation);
        Assert.Same(any.Snapshot, exact.Snapshot);
    }

    [Fact]
    public async Task AWarmUpThatFailsFailsTheIndex()
    {
        using IndexCatalog catalog = new(Find([samples.L2], null));

        await catalog.Indexes[0].LoadAsync(Opening(), static _ => throw new InvalidOperationException("secret"));

        AnnException e = Refused(catalog, "plain");
        Assert.Equal(AnnError.Corrupt, e.Error);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    /// <summary>The bytes are asked for before they are allocated, and given back when the file turns out to be unusable.</summary>
    [Fact]
    public async Task AFileThatDoesNotFitTheMemoryBudgetFailsWithTheArithmetic()
    {
        MemoryBudget small = new(1_000);
        using IndexCatalog catalog = new(Find([samples.L2, samples.Cosine], null));

        foreach (HostedIndex index in catalog.Indexes)
            await index.LoadAsync(Opening() with { Budget = small }, static _ => { });

        AnnException e = Refused(catalog, "named"); // of the fast layout, so it is loaded
        Assert.Equal(AnnError.Overloaded, e.Error);
        Assert.Contains("index 'named' needs", e.Message, StringComparison.Ordinal);
        Assert.Contains("0 of 1,000 are in use", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, small.Used);
        catalog.Acquire("plain").Dispose(); // lean: all of it is mapped
    }

    [Fact]
    public async Task ClosingGivesTheMemoryBack()
    {
        MemoryBudget budget = MemoryBudget.Unlimited();
        using (IndexCatalog catalog = new(Find([samples.Cosine], null)))
        {
            await catalog.Indexes[0].LoadAsync(Opening() with { Budget = budget }, static _ => { });
            Assert.True(budget.Used > 0, "the fast layout is loaded");
        }
        Assert.Equal(0, budget.Used);
    }

    [Fact]
    public void DirectoriesWithAManifestAreLiveIndexes()
    {
        string data = samples.NewDirectory();
        Directory.CreateDirectory(Path.Combine(data, "notes"));
        Directory.CreateDirectory(Path.Combine(data, "shop"));
        File.WriteAllText(Path.Combine(data, "shop", IndexSource.ManifestName), "");

        IndexSource found = Assert.Single(Find([], data));

        Assert.Equal(new IndexSource("shop", Path.Combine(data, "shop"), IsLive: true), found);
    }

    [Fact]
    public void AFileAndADirectoryOfOneNameAreToldNamingBoth()
    {
        string data = samples.NewDirectory();
        File.Copy(samples.L2, Path.Combine(data, "shop.ann"));
        Directory.CreateDirectory(Path.Combine(data, "shop"));
        File.WriteAllText(Path.Combine(data, "shop", IndexSource.ManifestName), "");

        AnnException e = Assert.Single(Find([], data)).Fault!;

        Assert.Equal(AnnError.AlreadyExists, e.Error);
        Assert.Contains("shop.ann", e.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(data, "shop") + ":", e.Message, StringComparison.Ordinal);
    }

    private static AnnException Refused(IndexCatalog catalog, string reference) =>
        Assert.Throws<AnnException>(() => catalog.Acquire(reference).Dispose());

    private static CatalogOpening Opening() => new() { Files = PhysicalFileSystem.Instance };

    private static IReadOnlyList<IndexSource> Find(string[] paths, string? directory) =>
        IndexSource.Find(PhysicalFileSystem.Instance, paths, directory);
}
