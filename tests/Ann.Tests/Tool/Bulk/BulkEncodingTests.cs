using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Encoding;
using Ann.Tests.Tool.Items;
using Ann.Tool.Bulk;
using Ann.Tool.Formats;
using Ann.Tool.Items;
using Ann.Tool.Verbs;
using TemporaryFolder = Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Tool.Bulk;

/// <summary>Goal: however items are cut into blocks, every vector is at its item's place, and few blocks are held.</summary>
public sealed class BulkEncodingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 1_000)]
    [InlineData(7, 90)]
    [InlineData(64, 100_000)]
    public void TheOrderIsKeptInBlocksOfAnySize(int rows, int chars)
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        string[] texts = [.. Enumerable.Range(0, 150).Select(
            i => string.Join(' ', Enumerable.Range(0, random.Next(1, 20)).Select(word => $"w{i * word % 37}")))];
        string input = _folder.Write(
            "x.jsonl", string.Concat(texts.Select(static (text, i) => $"{{\"id\":\"k{i}\",\"text\":\"{text}\"}}\n")));

        EncodeVerb.RunTexts(ItemReaderTests.World(), Request(input, "x.npy") with { Block = new BlockLimits(rows, chars) }, default);

        using TextEncoder encoder = TextEncoder.OpenDefault(PhysicalFileSystem.Instance, ToolRun.CacheDirectory, Cpu);
        float[] expected = new float[texts.Length * encoder.Info.Dimension];
        encoder.Encode(texts, TextRole.Document, expected);
        float[] found = TemporaryFolder.ReadAll(_folder["x.npy"]);
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < found.Length; i++)
            Assert.True(Math.Abs(expected[i] - found[i]) < 1e-5, $"seed {seed}: row {i / encoder.Info.Dimension}: {found[i]}");
        Assert.Equal(
            Enumerable.Range(0, texts.Length).Select(static i => $"\"k{i}\""), File.ReadAllLines(_folder["x.npy.keys.jsonl"]).Skip(1));
    }

    /// <summary>Two thousand items, of which ever more could be read while the first are written.</summary>
    [Fact]
    public void NoMoreBlocksAreHeldThanTold()
    {
        const int Rows = 5;
        using TextEncoder encoder = TextEncoder.OpenDefault(PhysicalFileSystem.Instance, ToolRun.CacheDirectory, Cpu);
        ManyItems items = new(2_000);
        using ItemBlocks blocks = new(items, new BlockLimits(Rows, 1_000), hasTokens: null, leavesOut: false);
        long written = 0;

        BulkEncoding.Run(blocks, encoder, Write, default);

        Assert.Equal(2_000, written);

        void Write(ItemBlock block, ReadOnlySpan<float> vectors)
        {
            Assert.InRange(items.Given - written, 1, BulkEncoding.BlocksAtOnce * Rows);
            written += block.Texts.Count;
        }
    }

    [Fact]
    public void WhatFailsInAnyStageEndsTheRunWithItsReason()
    {
        using TextEncoder encoder = TextEncoder.OpenDefault(PhysicalFileSystem.Instance, ToolRun.CacheDirectory, Cpu);
        BlockLimits limits = new(5, 1_000);
        using ItemBlocks endless = new(new ManyItems(long.MaxValue), limits, null, leavesOut: false);
        using ItemBlocks wrong = new(new ManyItems(33), limits, static text => text != "item 31", leavesOut: false);
        using CancellationTokenSource stop = new();

        Assert.Equal("full", Assert.Throws<IOException>(
            () => BulkEncoding.Run(endless, encoder, static (_, _) => throw new IOException("full"), default)).Message);
        Assert.Contains("the text of '31' has no tokens", Assert.Throws<AnnException>(
            () => BulkEncoding.Run(wrong, encoder, static (_, _) => { }, default)).Message);
        Assert.ThrowsAny<OperationCanceledException>(() => BulkEncoding.Run(endless, encoder, (_, _) => stop.Cancel(), stop.Token));
    }

    [Fact]
    public void DocumentsGetTheirPrefix()
    {
        using Encoding.TemporaryFolder with = Encoding.TextEncoderTests.Described(
            """{ "query_prefix": "red ", "document_prefix": "blue " }""");
        using TextEncoder encoder = TextEncoder.Open(PhysicalFileSystem.Instance, with.Path, Cpu);
        string input = _folder.Write("x.jsonl", "{\"id\":1,\"text\":\"shoe\"}\n");
        float[] document = new float[encoder.Info.Dimension], query = new float[encoder.Info.Dimension];
        encoder.Encode(["shoe"], TextRole.Document, document);
        encoder.Encode(["shoe"], TextRole.Query, query);

        EncodeVerb.RunTexts(ItemReaderTests.World(), Request(input, "x.fbin") with { Encoder = with.Path }, default);

        Assert.Equal(document, TemporaryFolder.ReadAll(_folder["x.fbin"]));
        Assert.NotEqual(document, query);
    }

    [Fact]
    public void KeysAreComparedInAnyNumberOfPasses()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        for (int round = 0; round < 60; round++)
        {
            UInt128[] hashes = [.. Enumerable.Range(0, random.Next(2, 80)).Select(
                _ => new UInt128(0, (ulong)random.Next(1_500)) * 0x9E3779B97F4A7C15)];
            DuplicateKeys keys = new(capacity: 4 + random.Next(20));
            int reads = 0;
            foreach (UInt128 hash in hashes)
                keys.Add(hash);
            (long First, long Second)? found = keys.Find(() =>
            {
                reads++;
                return hashes;
            });

            bool differ = hashes.Distinct().Count() == hashes.Length;
            Assert.True(differ == found is null, $"seed {seed}, round {round}");
            if (found is { } pair)
                Assert.True(pair.First < pair.Second && hashes[pair.First] == hashes[pair.Second], $"seed {seed}, round {round}: {pair}");
            // As many passes as shares. Chance may put more into one than fits, and double their number several times.
            Assert.True(reads <= 64 * hashes.Length, $"seed {seed}, round {round}: {reads} passes over {hashes.Length} keys");
        }
    }

    /// <summary>They are in one share, however many shares there are.</summary>
    [Fact]
    public void OneKeyThatComesMoreOftenThanKeysAreKeptIsFound()
    {
        UInt128[] hashes = [7, 1, 2, .. Enumerable.Repeat((UInt128)12, 100)];
        DuplicateKeys keys = new(capacity: 4);
        foreach (UInt128 hash in hashes)
            keys.Add(hash);

        Assert.Equal((3, 4), keys.Find(() => hashes));
    }

    [Fact]
    public async Task StandardInputIsEncodedAndItsKeysAreCompared()
    {
        string output = _folder["x.npy"];
        string[] line = ["encode", "--input", "-", "--format", "csv", "--output", output, "--providers", "cpu", "--json"];

        ToolRun run = (await ToolRun.RunAsync(ItemReaderTests.World("id,text\na,one\nb,two\n"u8.ToArray()), default, line)).Expect(0);
        Assert.Equal(2, run.Json.GetProperty("rows").GetInt32());
        Assert.Equal(["\"a\"", "\"b\""], File.ReadAllLines(output + ".keys.jsonl").Skip(1));
        File.Delete(output);

        (await ToolRun.RunAsync(ItemReaderTests.World("id,text\na,one\nb,two\na,three\n"u8.ToArray()), default, line))
            .ExpectRefusal("row 2 has the key 'a', which is already the key of row 0");
        (await ToolRun.RunAsync(ItemReaderTests.World("id,text\na,one\nb,!\n"u8.ToArray()), default, line))
            .ExpectRefusal("standard input: line 3: the text of 'b' has no tokens", "--empty skip");
        (await ToolRun.RunAsync(ItemReaderTests.World("id,text\n"u8.ToArray()), default, line)).ExpectRefusal("there is no row");
        (await ToolRun.RunAsync("encode", "--input", "-", "--output", output)).ExpectRefusal("--format says what standard input holds");
        (await ToolRun.RunAsync("encode", "--input", "-", "--format", "parquet", "--output", output))
            .ExpectRefusal("standard input: Parquet cannot be read from standard input");
        Assert.Equal(["x.npy.keys.jsonl"], _folder.Names());
    }

    [Fact]
    public async Task ParquetGoesIntoAnIndexWithKeysAndAttributes()
    {
        string input = _folder.Write("x.tsv", "id\ttext\tbrand\n7\tmouse\tacme\n8\tkeyboard\t\n");
        string parquet = _folder["x.parquet"];
        (await ToolRun.RunAsync("encode", "--input", input, "--output", parquet, "--attributes", "brand:keyword")).Expect(0);
        (await ToolRun.RunAsync("encode", "--input", input, "--output", _folder["x.npy"])).Expect(0);

        ToolRun build = (await ToolRun.RunAsync(
            "build", "--input", parquet, "--metric", "cosine", "--output", _folder["x.ann"], "--attributes", "brand:keyword", "--json"))
            .Expect(0);
        ToolRun info = (await ToolRun.RunAsync("info", _folder["x.ann"], "--json")).Expect(0);

        Assert.Equal(2, build.Json.GetProperty("rows").GetInt32());
        Assert.Contains("\"brand\"", info.Out);
        using VectorReader reader = VectorInput.Open(PhysicalFileSystem.Instance, parquet);
        Assert.Equal(TemporaryFolder.ReadAll(_folder["x.npy"]), TemporaryFolder.ReadAll(reader));
        (await ToolRun.RunAsync("encode", "--input", input, "--output", parquet, "--text-column", "brand", "--attributes", "id:keyword"))
            .ExpectRefusal("attribute 'id' cannot be a member");
    }

    internal static EncoderOptions Cpu => new() { Providers = ["cpu"] };

    internal EncodeRequest Request(string input, string output) => new() { Input = input, Output = _folder[output], Options = Cpu };

    /// <summary>Items that are made up as they are read.</summary>
    private sealed class ManyItems(long count) : ItemReader(new ItemSource { Path = "many", Format = ItemFormat.Jsonl })
    {
        private long _given;

        public long Given => Volatile.Read(ref _given);

        public override string Place => $"item {Given - 1}";

        public override double? Fraction => null;

        public override bool TryRead()
        {
            if (_given == count)
                return false;
            SetKey((ulong)_given);
            Text = $"item {_given}";
            Volatile.Write(ref _given, _given + 1);
            return true;
        }

        public override AttributeBatch? TakeAttributes() => null;

        public override void Dispose()
        {
        }
    }
}
