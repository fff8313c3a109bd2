using Ann.Core.Files;

namespace Ann.Tests.Files;

/// <summary>Goal: the machine's own files are read as what they are. Method: a directory of its own.</summary>
public sealed unsafe class PhysicalFileSystemTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("ann-files-").FullName;

    /// <summary>Deployments point a link at the index of the day; a link's own length is that of the path in it.</summary>
    [Fact]
    public void ALinkIsMappedAsTheFileThatItLeadsTo()
    {
        byte[] bytes = [.. Enumerable.Range(0, 10_000).Select(i => (byte)i)];
        string file = Path.Combine(_directory, "monday.ann");
        string link = Path.Combine(_directory, "items.ann");
        using (Stream stream = PhysicalFileSystem.Instance.Create(file))
            stream.Write(bytes);
        Directory.CreateSymbolicLink(link, file);

        using FileMapping mapping = PhysicalFileSystem.Instance.Map(link);

        Assert.Equal(bytes, new ReadOnlySpan<byte>(mapping.Start, (int)mapping.Length).ToArray());
    }

    [Fact]
    public void AnEmptyFileIsMapped()
    {
        string file = Path.Combine(_directory, "empty");
        PhysicalFileSystem.Instance.Create(file).Dispose();
        using FileMapping mapping = PhysicalFileSystem.Instance.Map(file);
        Assert.Equal(0, mapping.Length);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
