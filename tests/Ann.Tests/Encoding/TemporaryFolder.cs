namespace Ann.Tests.Encoding;

/// <summary>A folder of one test, deleted with everything in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ann-encoding-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public TemporaryFolder With(string name, byte[] content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllBytes(this[name], content);
        return this;
    }

    public TemporaryFolder With(string name, string content) => With(name, System.Text.Encoding.UTF8.GetBytes(content));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
