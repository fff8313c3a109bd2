using System.CommandLine;
using Ann.Core;
using Ann.Core.Files;
using Ann.Protocol.V1;
using Ann.Tests.Files.Formats;
using Ann.Tool;
using Ann.Tool.Queries;
using Google.Protobuf;
using WireExclusions = Ann.Protocol.V1.Exclusions;

namespace Ann.Tests.Tool.Queries;

/// <summary>Goal: what is typed is what is asked, and what cannot be asked is refused before the server hears of it.</summary>
public sealed class SearchVerbOptionsTests : IDisposable
{
    private static readonly IndexDescription Index = new()
    {
        Name = "shop",
        KeyKind = KeyKind.String,
        Attributes =
        {
            new AttributeField { Name = "brand", Type = AttributeType.Keyword },
            new AttributeField { Name = "since", Type = AttributeType.Timestamp },
        },
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EveryOptionReachesItsField()
    {
        string seen = _folder.Write("seen.txt", "k 1\n\nk,2\r\n");
        SearchRequest search = Request(Index,
            "--k", "7", "--recall-target", "0.95", "--filter", "brand = 5", "--exclude", "a, b", "--exclude", "@" + seen,
            "--exclude-set", "seen:user:42", "--exclude-set", "hidden", "--attributes", "brand, since", "--cap", "brand=2",
            "--cap", "a=b=3", "--floor", "since >= 1970-01-01T00:00:01Z:5", "--mmr", "0.5", "--min-score", "-0.25", "--deadline-ms", "20",
            "--on-deadline", "best-so-far", "--union", "--least-per-query", "2");

        SearchRequest expected = new()
        {
            Index = "shop",
            K = 7,
            RecallTarget = 0.95f,
            Filter = new Filter { In = new InClause { Attribute = "brand", Keywords = { "5" } } },
            Exclude = new WireExclusions
            {
                Keys = new KeyColumn { Texts = { "a", "b", "k 1", "k,2" } },
                Sets = { "seen:user:42", "hidden" },
            },
            Attributes = { "brand", "since" },
            Caps = { new Cap { Attribute = "brand", Most = 2 }, new Cap { Attribute = "a=b", Most = 3 } },
            Floors =
            {
                new Floor
                {
                    Filter = new Filter
                    {
                        Range = new RangeClause { Attribute = "since", From = new RangeBound { Integer = 1_000_000 } },
                    },
                    Least = 5,
                },
            },
            Diversity = new Diversity { Lambda = 0.5f },
            MinScore = -0.25f,
            OnDeadline = OnDeadline.BestSoFar,
            Union = new Union { LeastPerRow = 2 },
        };
        Assert.Equal(expected, search);
    }

    [Fact]
    public void WhatIsLeftOutIsLeftToTheServer() => Assert.Equal(new SearchRequest { Index = "shop", K = 10 }, Request(Index));

    [Fact]
    public void KeysOfASidecarAndNumbersAreRead()
    {
        IndexDescription numbers = new() { Name = "shop", KeyKind = KeyKind.Uint64 };
        string sidecar = _folder.Write("x.keys.jsonl", "{\"key_type\":\"uint64\",\"rows\":2,\"dimension\":1}\n7\n18446744073709551615\n");

        SearchRequest search = Request(numbers, "--exclude", "@" + sidecar, "--exclude", "3", "--filter", "key = 5");

        Assert.Equal([7, ulong.MaxValue, 3], search.Exclude.Keys.Numbers);
        Assert.Equal([5ul], search.Filter.Keys.Numbers);
        Assert.Contains("--exclude: the keys of index 'shop' are whole numbers", Refusal(numbers, "--exclude", "3,x"));
        string bad = _folder.Write("bad.txt", "1\n\n-2\n");
        Assert.Contains("bad.txt: line 3: the keys of index 'shop' are whole numbers", Refusal(numbers, "--exclude", "@" + bad));
        Assert.Contains("it holds no key", Refusal(numbers, "--exclude", "@" + _folder.Write("empty.txt", "\n")));
    }

    [Theory]
    [InlineData("--exclude-roaring", false)]
    [InlineData("--exclude-roaring64", true)]
    public void ABitmapOfAFileIsSentAsItIs(string option, bool isWide)
    {
        byte[] bytes = [0x3A, 0x30, 0, 0, 0, 0, 0, 0];
        string file = _folder.Write("seen.bin", bytes);

        SearchRequest search = Request(Index, option, file, "--exclude-set", "seen");

        WireExclusions expected = new() { Roaring = ByteString.CopyFrom(bytes), Sets = { "seen" } };
        if (isWide)
            expected.Roaring64 = true;
        Assert.Equal(expected, search.Exclude);
        Assert.Contains("it is empty", Refusal(Index, option, _folder.Write("empty.bin", Array.Empty<byte>())));
    }

    [Theory]
    [InlineData("--cap is 'brand'; expected NAME=N", "--cap", "brand")]
    [InlineData("--cap is 'brand=0'; expected NAME=N", "--cap", "brand=0")]
    [InlineData("--floor is 'brand = a'; expected FILTER:N", "--floor", "brand = a")]
    [InlineData("--floor: character 6: expected", "--floor", "brand:2")]
    [InlineData("--filter: character 9: expected a value", "--filter", "brand = ")]
    [InlineData("--exclude names no key", "--exclude", " , ")]
    public void MistakesAreNamed(string reason, params string[] args) => Assert.Contains(reason, Refusal(Index, args));

    [Theory]
    [InlineData("exclude each other", "--ef", "100", "--recall-target", "0.9")]
    [InlineData("--on-deadline needs --deadline-ms", "--on-deadline", "best-so-far")]
    [InlineData("--least-per-query needs --union", "--least-per-query", "2")]
    [InlineData("exclude each other", "--exclude-roaring", "a", "--exclude-roaring64", "b")]
    [InlineData("--mmr is 1.5; it must be 0 to 1", "--mmr", "1.5")]
    [InlineData("--recall-target is 1; it must be", "--recall-target", "1")]
    [InlineData("fail, best-so-far", "--deadline-ms", "5", "--on-deadline", "wait")]
    public async Task WhatExcludesEachOtherIsRefusedAtOnce(string reason, params string[] args) =>
        (await ToolRun.RunAsync(["query", "--index", "x", "--text", "y", "--address", "http://127.0.0.1:1", .. args]))
            .ExpectRefusal(reason);

    private static SearchRequest Request(IndexDescription index, params string[] args)
    {
        SearchVerbOptions options = new();
        Command command = new("query");
        options.AddTo(command);
        ParseResult parsed = command.Parse(args, CommandLine.Parsing);
        Assert.Empty(parsed.Errors);
        ToolContext tool = new()
        {
            Out = TextWriter.Null,
            Error = TextWriter.Null,
            Files = PhysicalFileSystem.Instance,
            CacheDirectory = ToolRun.CacheDirectory,
        };
        return options.Request(tool, parsed, "shop", index);
    }

    private static string Refusal(IndexDescription index, params string[] args) =>
        Assert.Throws<AnnException>(() => Request(index, args)).Message;
}
