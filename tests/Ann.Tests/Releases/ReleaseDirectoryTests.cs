using Ann.Core;
using Ann.Core.Releases;
using Ann.Tests.Files;

namespace Ann.Tests.Releases;

/// <summary>Goal: a list that somebody else wrote leads nowhere out of its release, and every fault of it is told.</summary>
public sealed class ReleaseDirectoryTests
{
    private readonly SimulatedFileSystem _files = new();

    public ReleaseDirectoryTests()
    {
        _files.CreateDirectory("/d");
        SampleRelease.Write(_files, "/d/r", queries: 0xa1, items: 0xa0);
    }

    [Fact]
    public void WhatWasWrittenIsRead()
    {
        Release release = ReleaseDirectory.Read(_files, "/d/r");

        Assert.Equal("00000000000000a1", release.QueryEncoder.Fingerprint);
        Assert.Equal(
            ["golden.json", "index.ann", "query-encoder/onnx/model.txt", "query-encoder/x.json"],
            release.Files.Select(static file => file.Name).Order(StringComparer.Ordinal));
        Assert.Equal(2, release.EncoderFiles.Count());
        Assert.All(release.Files, file => ReleaseDirectory.RequireSound(_files, "/d/r", file));
    }

    [Theory]
    [InlineData("\"ann_release\": 1", "\"ann_release\": 2", "version 2", AnnError.InvalidArgument)]
    [InlineData("\"ann_release\": 1", "\"ann_release\": \"1\"", "ann_release", AnnError.Corrupt)]
    [InlineData("\"ann_release\": 1,", "", "ann_release", AnnError.Corrupt)]
    [InlineData("\"fingerprint\": \"00000000000000a1\"", "\"fingerprint\": \"a1\"", "query_encoder: fingerprint is 'a1'", AnnError.Corrupt)]
    [InlineData("\"fingerprint\": \"00000000000000a0\"", "\"fingerprint\": null", "ingerprint", AnnError.Corrupt)]
    [InlineData("\"name\": \"index.ann\"", "\"name\": \"other.ann\"", "no index.ann", AnnError.Corrupt)]
    [InlineData("\"name\": \"golden.json\"", "\"name\": \"../golden.json\"", "'../golden.json'", AnnError.Corrupt)]
    [InlineData("\"name\": \"golden.json\"", "\"name\": \"query-encoder/../../x\"", "below the release", AnnError.Corrupt)]
    [InlineData("\"name\": \"golden.json\"", "\"name\": \"/etc/passwd\"", "below the release", AnnError.Corrupt)]
    [InlineData("\"name\": \"golden.json\"", "\"name\": \"C:\\\\x\"", "below the release", AnnError.Corrupt)]
    [InlineData("\"name\": \"golden.json\"", "\"name\": \"a//b\"", "below the release", AnnError.Corrupt)]
    [InlineData("\"name\": \"golden.json\"", "\"name\": \".hidden\"", "below the release", AnnError.Corrupt)]
    [InlineData("\"name\": \"golden.json\"", "\"name\": \"x\\u0000\"", "below the release", AnnError.Corrupt)]
    [InlineData("\"name\": \"golden.json\"", "\"name\": \"a/b/c/d/e/f/g/h/i\"", "at most 8 parts", AnnError.Corrupt)]
    [InlineData("\"name\": \"golden.json\"", "\"name\": \"INDEX.ann\"", "named twice", AnnError.Corrupt)]
    [InlineData("\"name\": \"golden.json\"", "\"name\": null", "name", AnnError.Corrupt)]
    [InlineData("\"files\": [", "\"files\": [null,", "''", AnnError.Corrupt)]
    [InlineData("\"bytes\": ", "\"bytes\": -", "0 or more", AnnError.Corrupt)]
    [InlineData("\"hash\": \"", "\"hash\": \"x", "16 hex digits", AnnError.Corrupt)]
    [InlineData("{", "[", "JSON", AnnError.Corrupt)]
    public void AListDamagedBySomebodyIsRefused(string sound, string hostile, string why, AnnError kind)
    {
        string json = System.Text.Encoding.UTF8.GetString(_files.ReadAllBytes("/d/r/release.json"));
        int place = json.IndexOf(sound, StringComparison.Ordinal);
        Assert.True(place >= 0, json);
        SampleRelease.Put(_files, "/d/r/release.json", json[..place] + hostile + json[(place + sound.Length)..]);

        AnnException error = Assert.Throws<AnnException>(() => ReleaseDirectory.Read(_files, "/d/r"));

        Assert.Equal(kind, error.Error);
        Assert.StartsWith("/d/r/release.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AListWithoutEndIsRefusedBeforeItIsRead()
    {
        _files.Put("/d/r/release.json", new byte[(4 << 20) + 1]);

        Assert.Equal(AnnError.Corrupt, Assert.Throws<AnnException>(() => ReleaseDirectory.Read(_files, "/d/r")).Error);
    }

    [Fact]
    public void NothingOfAFileThatIsAnotherIsCopied()
    {
        Release release = ReleaseDirectory.Read(_files, "/d/r");
        ReleasedFile golden = release.Files.Single(static file => file.Name == "golden.json");
        SampleRelease.Put(_files, "/d/r/golden.json", "[{}]");

        AnnException error = Assert.Throws<AnnException>(() => ReleaseDirectory.Copy(_files, "/d/r", golden, "/d/copy", default));

        Assert.Contains(golden.Hash, error.Message, StringComparison.Ordinal);
        Assert.False(_files.FileExists("/d/copy"));
    }
}
