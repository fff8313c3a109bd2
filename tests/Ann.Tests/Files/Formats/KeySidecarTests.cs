using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;

namespace Ann.Tests.Files.Formats;

/// <summary>Goal: keys come back beside the rows they belong to, and a sidecar that is wrong is refused.</summary>
public sealed class KeySidecarTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void StringKeysComeBack()
    {
        KeyColumn keys = new(KeyKind.String);
        keys.Add("a \"quoted\" \\ key");
        keys.Add("clé 鼠标");
        KeySidecarHeader header = new()
        {
            KeyType = "string",
            Rows = 2,
            Dimension = 8,
            EncoderFingerprint = "0123",
            EncoderName = "default",
        };

        KeySidecar.Write(PhysicalFileSystem.Instance, _folder["x.keys.jsonl"], header, keys);
        (KeySidecarHeader read, KeyColumn? readKeys) = KeySidecar.Read(PhysicalFileSystem.Instance, _folder["x.keys.jsonl"]);

        Assert.Equal(header, read);
        Assert.Equal(keys.Text.ToArray(), readKeys!.Text.ToArray());
        Assert.StartsWith("{\"key_type\":\"string\",\"rows\":2,", File.ReadAllText(_folder["x.keys.jsonl"]));
    }

    [Fact]
    public void NumericAndInlineKeysComeBack()
    {
        KeySidecarHeader header = new() { KeyType = "uint64", Rows = 3, Dimension = 8 };
        KeySidecar.Write(PhysicalFileSystem.Instance, _folder["a"], header, KeyColumn.Ordinals(3));
        KeySidecar.Write(PhysicalFileSystem.Instance, _folder["b"], header with { KeysInline = true }, KeyColumn.Ordinals(3));

        Assert.Equal([0ul, 1ul, 2ul], KeySidecar.Read(PhysicalFileSystem.Instance, _folder["a"]).Keys!.Numbers.ToArray());
        Assert.Null(KeySidecar.Read(PhysicalFileSystem.Instance, _folder["b"]).Keys);
        Assert.Single(File.ReadAllLines(_folder["b"]));
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("nonsense\n", "line 1: the header is not JSON")]
    [InlineData("{\"rows\": 1}\n", "line 1: expected a header")]
    [InlineData("{\"key_type\": \"uint64\", \"rows\": 2, \"dimension\": 1}\n1\n", "says 2 keys; found 1")]
    [InlineData("{\"key_type\": \"uint64\", \"rows\": 1, \"dimension\": 1}\n\"a\"\n", "line 2: The key 'a' is a string")]
    [InlineData("{\"key_type\": \"string\", \"rows\": 1, \"dimension\": 1}\nnope\n", "line 2: not a JSON key")]
    [InlineData("{\"key_type\": \"string\", \"rows\": 1, \"dimension\": 1}\n\"a\" \"b\"\n", "line 2: not a JSON key")]
    [InlineData("{\"key_type\": \"uint64\", \"rows\": 1, \"dimension\": 1}\n-1\n", "line 2: expected a string or a whole number")]
    [InlineData("{\"key_type\": \"uint64\", \"rows\": 2, \"dimension\": 1}\n5\n5\n", "row 1: the key '5' is already the key of row 0")]
    public void AWrongSidecarIsRefused(string text, string reason)
    {
        string path = _folder.Write("x.keys.jsonl", text);

        AnnException error = Assert.Throws<AnnException>(() => KeySidecar.Read(PhysicalFileSystem.Instance, path));

        Assert.StartsWith(path + ": ", error.Message);
        Assert.Contains(reason, error.Message);
    }
}
