namespace Ann.Tests;

/// <summary>The folder of real data beside the repository. It is not part of it: a test that finds none reports itself as skipped.</summary>
internal static class SharedData
{
    /// <summary>Path of a file or folder below <c>shared/data</c>; skips the test when it is not there.</summary>
    public static string Require(string relative)
    {
        string? path = Root is null ? null : Path.Combine(Root, relative);
        if (path is null || !(Directory.Exists(path) || File.Exists(path)))
            Assert.Skip($"Real data '{relative}' is not beside the repository.");
        return path;
    }

    private static string? Root { get; } = Find();

    private static string? Find()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "AnnServer.sln")))
            directory = directory.Parent;
        return directory?.Parent is { } parent ? Path.Combine(parent.FullName, "shared", "data") : null;
    }
}
