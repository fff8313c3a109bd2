namespace Ann.Tests.House;

/// <summary>
/// Goal: usings are in the order in which <c>dotnet format</c> puts them: those of namespaces, of types, and of other names; System first.
/// The compiler holds all other rules of style, and <c>dotnet format whitespace</c>, which is quick, holds the layout.
/// </summary>
public sealed class UsingsTests
{
    [Fact]
    public void UsingsAreInOrder() => TidyTests.AssertNone(
        from file in TidyTests.Sources("*.cs")
        let usings = UsingsOf(file)
        from pair in usings.Zip(usings.Skip(1))
        where Compare(pair.First, pair.Second) > 0
        select $"{TidyTests.Relative(file)}: '{pair.Second}' stands behind '{pair.First}'; run dotnet format AnnServer.sln");

    [Theory]
    [InlineData("System.Text", "Ann.Core", -1)]
    [InlineData("Ann.Core", "Ann.Core.Files", -1)]
    [InlineData("Ann.Coreless", "Ann.Core.Files", 1)]
    [InlineData("Ann.Tool", "static System.Math", -1)]
    [InlineData("static System.Math", "Wire = Ann.Protocol.V1", -1)]
    public void TheOrderIsThatOfTheFormatter(string first, string second, int expected) =>
        Assert.Equal(expected, Math.Sign(Compare(first, second)));

    private static string[] UsingsOf(string file) =>
    [
        .. File.ReadLines(file)
            .TakeWhile(static line => line.Length == 0 || line[0] is '/' or '#' or '\uFEFF' || IsUsing(line))
            .Where(IsUsing)
            .Select(static line => line["using ".Length..^1]),
    ];

    private static bool IsUsing(string line) =>
        line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';') && !line.Contains('(');

    private static int Compare(string first, string second)
    {
        (int Kind, string[] Parts) a = KeyOf(first), b = KeyOf(second);
        if (a.Kind != b.Kind)
            return a.Kind.CompareTo(b.Kind);
        foreach ((string left, string right) in a.Parts.Zip(b.Parts))
            if (string.Compare(left, right, StringComparison.OrdinalIgnoreCase) is not 0 and int order)
                return order;
        return a.Parts.Length.CompareTo(b.Parts.Length);
    }

    private static (int Kind, string[] Parts) KeyOf(string name)
    {
        bool isStatic = name.StartsWith("static ", StringComparison.Ordinal);
        string[] parts = (isStatic ? name["static ".Length..] : name).Split('.');
        int kind = name.Contains('=') ? 4 : (isStatic ? 2 : 0) + (parts[0] == "System" ? 0 : 1);
        return (kind, parts);
    }
}
