using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;

namespace Ann.Tests.Server;

/// <summary>Goal: names come from files, each once, and a bad one is refused with its file.</summary>
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
    public void AFileWhoseNameIsNoIndexNameIsRefused()
    {
        string path = Path.Combine(samples.NewDirectory(), "my index.ann");
        File.Copy(samples.L2, path);

        AnnException e = Assert.Throws<AnnException>(() => Find([], Path.GetDirectoryName(path)));

        Assert.Equal(AnnError.InvalidArgument, e.Error);
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
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
    public void AnIndexServesOnlyWhenItIsWarm()
    {
        using IndexCatalog catalog = new(Find([samples.L2], null));
        Assert.Equal(AnnError.Unavailable, Assert.Throws<AnnException>(() => catalog.Acquire("plain")).Error);

        IndexState duringWarmUp = default;
        catalog.Indexes[0].Load(PhysicalFileSystem.Instance, default, _ => duringWarmUp = catalog.Indexes[0].Status.State);

        Assert.Equal(IndexState.Loading, duringWarmUp);
        Assert.Same(catalog.Acquire("plain"), catalog.Acquire("plain@" + catalog.Acquire("plain").Generation));
    }

    [Fact]
    public void AWarmUpThatFailsFailsTheIndex()
    {
        using IndexCatalog catalog = new(Find([samples.L2], null));

        catalog.Indexes[0].Load(PhysicalFileSystem.Instance, default, static _ => throw new InvalidOperationException("secret"));

        AnnException e = Assert.Throws<AnnException>(() => catalog.Acquire("plain"));
        Assert.Equal(AnnError.Corrupt, e.Error);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<IndexSource> Find(string[] paths, string? directory) =>
        IndexSource.Find(PhysicalFileSystem.Instance, paths, directory);
}
