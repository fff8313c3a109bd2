using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Ann.Tests.Encoding.Oracle;

/// <summary>Hugging Face's own library, by way of a package that has it for Linux on x64 alone: elsewhere its tests are skipped.</summary>
internal sealed class TokenizerOracle : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Tokenizers.DotNet.Tokenizer _tokenizer;

    /// <param name="json">A <c>tokenizer.json</c>. Cutting and padding are taken out: they are not the tokenizer's work here.</param>
    public TokenizerOracle(string json)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            Assert.Skip("Hugging Face's library is packed for Linux on x64 alone.");
        JsonObject file = JsonNode.Parse(json)!.AsObject();
        file["truncation"] = null;
        file["padding"] = null;
        _folder.With("tokenizer.json", file.ToJsonString());
        _tokenizer = new Tokenizers.DotNet.Tokenizer(_folder["tokenizer.json"]);
    }

    /// <summary>Ids of a text, special ones included.</summary>
    public long[] Ids(string text) => [.. _tokenizer.Encode(text).Select(static id => (long)id)];

    public void Dispose()
    {
        _tokenizer.Dispose();
        _folder.Dispose();
    }
}
