using System.Globalization;
using System.IO.Hashing;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>Goal: whatever the list of a copy says, a restore ends with an index or with a reason, and leaves nothing behind.</summary>
public sealed class HostileCopyTests
{
    private const string Sound =
        """{"index":"a","log_position":0,"files":[{"name":"x","length":1,"hash":"00"},{"name":"MANIFEST","length":1,"hash":"00"}]}""";

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"index":"a","log_position":0,"files":null}""")]
    [InlineData("""{"index":"a","log_position":0,"files":[]}""")]
    [InlineData("""{"index":"a","log_position":0,"files":[null]}""")]
    [InlineData("\"name\":\"x\"", "\"name\":null")]
    [InlineData("\"name\":\"x\"", "\"name\":\"\"")]
    [InlineData("\"name\":\"x\"", "\"name\":\"../x\"")]
    [InlineData("\"name\":\"x\"", "\"name\":\".x\"")]
    [InlineData("\"name\":\"x\"", "\"name\":\"MANIFEST\"")]
    [InlineData("\"name\":\"MANIFEST\"", "\"name\":\"LAST\"")]
    [InlineData("\"length\":1,\"hash\":\"00\"},", "\"length\":-1,\"hash\":\"00\"},")]
    [InlineData("\"length\":1,\"hash\":\"00\"},", "\"length\":1e40,\"hash\":\"00\"},")]
    [InlineData("\"length\":1,\"hash\":\"00\"},", "\"length\":1,\"hash\":null},")]
    [InlineData("\"length\":1,\"hash\":\"00\"},", "\"length\":1},")]
    [InlineData("\"log_position\":0", "\"log_position\":-1")]
    [InlineData("\"log_position\":0", "\"log_position\":9223372036854775807")]
    [InlineData("\"index\":\"a\"", "\"index\":null")]
    public void AHostileListIsRefused(string sound, string? hostile = null)
    {
        string json = hostile is null ? sound : Sound.Replace(sound, hostile, StringComparison.Ordinal);
        Assert.NotEqual(Sound, json);
        SimulatedFileSystem files = Holding(json);

        AnnException e = Assert.Throws<AnnException>(() => SnapshotDirectory.Restore(files, "/copy", "/data"));

        Assert.Equal(AnnError.Corrupt, e.Error);
        Assert.StartsWith("/copy/SNAPSHOT: ", e.Message, StringComparison.Ordinal);
        Assert.False(files.DirectoryExists("/data"));
    }

    [Fact]
    public async Task APipeInACopyIsRefused()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync(LiveFixture.Range(0, 20));
        string copy = Path.Combine(live.Root, "copy");
        await live.Index.SnapshotAsync(copy);
        foreach (string path in Directory.GetFiles(copy, "*"))
        {
            byte[] bytes = await File.ReadAllBytesAsync(path);
            if (!NamedPipe.TryMake(path))
                return;
            AnnException e = Assert.Throws<AnnException>(
                () => SnapshotDirectory.Restore(PhysicalFileSystem.Instance, copy, Path.Combine(live.Root, "again")));
            Assert.Contains(Path.GetFileName(path), e.Message, StringComparison.Ordinal);
            Assert.Contains("it is no regular file", e.Message, StringComparison.Ordinal);
            File.Delete(path);
            await File.WriteAllBytesAsync(path, bytes);
        }
        SnapshotDirectory.Restore(PhysicalFileSystem.Instance, copy, Path.Combine(live.Root, "again"));
    }

    private static SimulatedFileSystem Holding(string json)
    {
        SimulatedFileSystem files = new();
        files.CreateDirectory("/copy");
        byte[] rest = System.Text.Encoding.UTF8.GetBytes(json.PadRight(20));
        string hash = XxHash3.HashToUInt64(rest).ToString("x16", CultureInfo.InvariantCulture);
        files.Put("/copy/SNAPSHOT", [.. System.Text.Encoding.ASCII.GetBytes(hash + "\n"), .. rest]);
        files.Put("/copy/x", [1]);
        files.Put("/copy/MANIFEST", [1]);
        return files;
    }
}
