using Ann.Core.Embedded;

namespace Ann.Tests.House;

/// <summary>Goal: who opens Ann.Core finds the door, and not the rooms behind it.</summary>
public class PublicTypesTests
{
    private const int Most = 60;

    [Fact]
    public void AnnCoreShowsFewTypes()
    {
        string[] types = [.. typeof(AnnIndex).Assembly.GetExportedTypes().Select(static type => type.FullName!)];
        string listed = string.Join('\n', types);
        Assert.True(types.Length <= Most, $"Ann.Core has {types.Length} public types; at most {Most} were expected:\n{listed}");
    }

    /// <summary>The compiler requires the lists of public members to be true; this requires that they stay.</summary>
    [Fact]
    public void AnnCoreDeclaresWhatItShows()
    {
        string folder = Path.Combine(TidyTests.Root, "engine", "Ann.Core");
        string[] files = ["PublicAPI.Shipped.txt", "PublicAPI.Unshipped.txt"];
        HashSet<string> declared = [.. files.SelectMany(file => File.ReadLines(Path.Combine(folder, file)))];
        Assert.Contains("#nullable enable", declared);
        foreach (Type type in typeof(AnnIndex).Assembly.GetExportedTypes())
            Assert.Contains(type.FullName!.Replace('+', '.'), declared);
    }
}
