using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using static Ann.Tests.Files.Formats.BinaryFormatTests;
using static Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Files.Formats;

/// <summary>Goal: JSONL is read as people write it, and a wrong line is named.</summary>
public sealed class JsonlTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void VectorsAndKeysAreRead()
    {
        string path = _folder.Write("x.jsonl", """
            {"id": "a", "vector": [1, -2.5e1], "other": {"deep": [1, {}]}}
            {"embedding": [3, 4], "_id": "b"}
            """);

        using VectorReader reader = VectorFile.OpenReader(PhysicalFileSystem.Instance, path);

        Assert.Equal(2, reader.Count);
        Assert.Equal(2, reader.Dimension);
        Assert.Equal([1, -25, 3, 4], ReadAll(reader));
        Assert.Equal(KeyKind.String, reader.Keys!.Kind);
        Assert.Equal(["a", "b"], Enumerable.Range(0, 2).Select(reader.Keys.Format));
    }

    [Theory]
    [InlineData("{\"id\": 1, \"vector\": [1]}\r\n{\"id\": 2, \"vector\": [2]}\r\n")]
    [InlineData("{\"id\": 1, \"vector\": [1]}\n{\"id\": 2, \"vector\": [2]}")]
    [InlineData("\uFEFF{\"id\": 1, \"vector\": [1]}\n\n \t\r\n{\"id\": 2, \"vector\": [2]}\n\n")]
    [InlineData("\n{\"id\": 1, \"vector\": [1]}\n{\"id\": 2, \"vector\": [2]}\n")]
    public void LineEndsBlankLinesAndByteOrderMarkDoNotMatter(string text)
    {
        using VectorReader reader = VectorFile.OpenReader(PhysicalFileSystem.Instance, _folder.Write("x.jsonl", text));

        Assert.Equal(2, reader.Count);
        Assert.Equal([1, 2], ReadAll(reader));
        Assert.Equal([1ul, 2ul], reader.Keys!.Numbers.ToArray());
    }

    [Fact]
    public void ALineThatIsNotJsonIsNamed()
    {
        string path = _folder.Write("items.jsonl", "{\"id\": 1, \"vector\": [1]}\n\n{\"id\": 2, \"vector\": [2]\n");

        Assert.StartsWith($"{path}: line 3: not JSON: ", Refused(path));
        Assert.DoesNotContain("LineNumber", Refused(path));
    }

    [Theory]
    [InlineData("[1]", "expected an object")]
    [InlineData("{\"id\": 2, \"vector\": [1]} {}", "not JSON")]
    [InlineData("{\"vector\": [1]}", "no \"id\"")]
    [InlineData("{\"id\": -5, \"vector\": [1]}", "whole number of 0 to 2^64 − 1; found -5")]
    [InlineData("{\"id\": 1.5, \"vector\": [1]}", "found 1.5")]
    [InlineData("{\"id\": 18446744073709551616, \"vector\": [1]}", "found 18446744073709551616")]
    [InlineData("{\"id\": null, \"vector\": [1]}", "found null")]
    [InlineData("{\"id\": \"b\", \"vector\": [1]}", "the keys before it are numbers")]
    [InlineData("{\"id\": 2, \"_id\": 3, \"vector\": [1]}", "two keys")]
    [InlineData("{\"id\": 2, \"vector\": [1], \"embedding\": [1]}", "two vectors")]
    [InlineData("{\"id\": 2}", "it has no \"vector\"")]
    [InlineData("{\"id\": 2, \"vector\": null}", "it has no \"vector\"")]
    [InlineData("{\"id\": 2, \"vector\": []}", "expected a \"vector\" of 1 components, as in the first item; found 0")]
    [InlineData("{\"id\": 2, \"vector\": [1, 2]}", "found 2")]
    [InlineData("{\"id\": 2, \"vector\": \"1\"}", "array of numbers; found a string")]
    [InlineData("{\"id\": 2, \"vector\": [null]}", "component 0 of \"vector\" must be a finite 32-bit number; found null")]
    [InlineData("{\"id\": 2, \"vector\": [1e39]}", "found 1e39")]
    [InlineData("{\"id\": 2, \"vector\": [NaN]}", "not JSON")]
    [InlineData("{\"id\": 2, \"text\": 7, \"vector\": [1]}", "\"text\" must be a string; found 7")]
    [InlineData("{\"id\": 2, \"text\": \"\\ud800\", \"vector\": [1]}", "not valid UTF-8")]
    public void AWrongLineIsNamed(string line, string reason)
    {
        string message = Refused(_folder.Write("x.jsonl", "{\"id\": 1, \"vector\": [1]}\n" + line + "\n"));

        Assert.Contains(": line 2: ", message);
        Assert.Contains(reason, message);
    }

    [Fact]
    public void AWrongFirstLineIsNamed()
    {
        Assert.Contains("line 2: it has no \"id\"", Refused(_folder.Write("x.jsonl", "\n{\"vector\": [1]}\n")));
        Assert.Contains("no items", Refused(_folder.Write("x.jsonl", "\n \n")));
        Assert.Contains("ann encode", Refused(_folder.Write("x.jsonl", "{\"id\": 1, \"text\": \"a mouse\"}")));
        Assert.Contains("no \"vector\"", Refused(_folder.Write("x.jsonl", "{\"id\": 1}")));
    }

    [Fact]
    public void AnEmptyOrLongKeyIsNamed()
    {
        string key = new('é', 129);
        Assert.Contains("line 2: A string key takes 1 to 256 bytes of UTF-8; found 258",
            Refused(_folder.Write("x.jsonl", $"{{\"id\": \"a\", \"vector\": [1]}}\n{{\"id\": \"{key}\", \"vector\": [1]}}")));
        Assert.Contains("line 1: A string key takes", Refused(_folder.Write("x.jsonl", "{\"id\": \"\", \"vector\": [1]}")));
    }

    [Theory]
    [InlineData("\"a\"", "\"b\"", "a")]
    [InlineData("7", "8", "7")]
    public void DuplicateKeysAreNamedByLine(string first, string second, string key)
    {
        string path = _folder.Write("x.jsonl", string.Join('\n',
            $"{{\"id\": {first}, \"vector\": [1]}}", "",
            $"{{\"id\": {second}, \"vector\": [1]}}", $"{{\"id\": {first}, \"vector\": [1]}}"));

        using VectorReader reader = VectorFile.OpenReader(PhysicalFileSystem.Instance, path);
        ReadAll(reader);

        AnnException error = Assert.Throws<AnnException>(reader.RequireUniqueKeys);
        Assert.Equal($"{path}: line 4: the key '{key}' is already the key of line 1; keys must be unique.", error.Message);
    }

    [Fact]
    public void AnEndlessLineIsRefused()
    {
        string path = _folder["x.jsonl"];
        File.WriteAllText(path, "{\"id\": 1, \"vector\": [1]}\n" + new string(' ', (16 << 20) + 100_000));

        Assert.Contains("line 2: it is longer than 16777216 bytes", Refused(path));
    }

    [Fact]
    public void ALongLineIsRead()
    {
        string vector = string.Join(',', Enumerable.Repeat("0.0000012345678", 65_536));
        string path = _folder.Write("x.jsonl", $"{{\"id\": 1, \"vector\": [{vector}]}}");

        Assert.Equal(65_536, ReadAll(path).Length);
    }

    [Fact]
    public void KeysGoThroughAJsonlFileUnharmed()
    {
        KeyColumn keys = new(KeyKind.String);
        keys.Add("plain");
        keys.Add("\"quoted\" \\ été 鼠标\n");
        using (VectorWriter writer = VectorFile.CreateWriter(PhysicalFileSystem.Instance, _folder["x.jsonl"], 2, 1, keys))
        {
            writer.Write([1]);
            writer.Write([0.1f]);
            writer.Commit();
        }

        using VectorReader reader = VectorFile.OpenReader(PhysicalFileSystem.Instance, _folder["x.jsonl"]);

        Assert.Equal([1, 0.1f], ReadAll(reader));
        Assert.Equal(keys.Text.ToArray(), reader.Keys!.Text.ToArray());
    }
}
