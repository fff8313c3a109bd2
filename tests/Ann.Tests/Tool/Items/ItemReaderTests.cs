using System.IO.Compression;
using System.Text;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Tests.Files.Formats;
using Ann.Tool;
using Ann.Tool.Items;

namespace Ann.Tests.Tool.Items;

/// <summary>Goal: a table says the same in every format, and what is wrong with one is told by file, line and field.</summary>
public sealed class ItemReaderTests : IDisposable
{
    private static readonly AttributeSchema Schema = new(
    [
        new("brand", AttributeType.Keyword), new("tags", AttributeType.KeywordSet), new("stock", AttributeType.Int64),
        new("price", AttributeType.Double), new("sold", AttributeType.Bool), new("since", AttributeType.Timestamp),
    ]);

    private const string Expected = """
        a-1 [Mouse wireless, "silent"] acme,x+y,3,1.5,1,1
        a-2 [two
        lines] -,-,-,-,-,-
        a-3 [été] ,z,-4,-1E+300,0,1000000
        """;

    private const string Jsonl = """
    {"id":"a-1","title":"Mouse","text":"wireless, \"silent\"","tags":["x","y"],"stock":3,"price":1.5,"sold":true,"since":1,"brand":"acme"}
    {"text": "two\nlines", "id": "a-2", "brand": null}

    {"_id":"a-3","text":"été","title":"","brand":"","tags":["z"],"stock":-4,"price":-1e300,"sold":false,"since":"1970-01-01T00:00:01Z"}
    """;

    private const string Csv = """"
        brand,title,id,text,tags,stock,price,sold,since,other
        acme,Mouse,a-1,"wireless, ""silent""",x|y,3,1.5,true,1,"5"
        ,,a-2,"two
        lines",,,,,,""
        ,,a-3,été,z,-4,-1e300,False,1970-01-01T00:00:01Z,

        """";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("x.jsonl")]
    [InlineData("x.csv")]
    [InlineData("x.tsv")]
    [InlineData("x.CSV.gz")]
    [InlineData("x.jsonl.gz")]
    [InlineData("-")]
    public void EveryFormatSaysTheSame(string name)
    {
        bool isJsonl = name.Contains("jsonl", StringComparison.Ordinal);
        string text = isJsonl ? Jsonl : Csv;
        if (name.EndsWith("tsv", StringComparison.Ordinal))
            text = text.Replace(", ", "\0", StringComparison.Ordinal).Replace(',', '\t').Replace("\0", ", ", StringComparison.Ordinal);
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        if (name.EndsWith(".gz", StringComparison.Ordinal))
            bytes = Zip(bytes);
        ToolContext tool = World(bytes);
        ItemSource source = name == "-"
            ? new() { Path = "-", Format = ItemFormat.Csv, Attributes = Schema }
            : new() { Path = _folder.Write(name, bytes), Format = ItemSource.FormatOf(name), Attributes = Schema };

        // A field of a text table that is empty has no value, so the empty text of the last one is none there.
        string expected = isJsonl ? Expected : Expected.Replace("] ,z", "] -,z", StringComparison.Ordinal);
        Assert.Equal(Lines(expected), Lines(Describe(source, tool)));
    }

    [Theory]
    [InlineData("\uFEFFid,text\r\n1,a\r\n\r\n2,\"b\r\nc\"\r\n3,d", "1 [a]|2 [b\r\nc]|3 [d]")]
    [InlineData("text,id\na,7\nb,8", "7 [a]|8 [b]")]
    [InlineData("id,text\n007,a\n8,b\n", "007 [a]|8 [b]")]
    [InlineData("id,text\n18446744073709551616,a\n", "18446744073709551616 [a]")]
    public void TextTablesAreReadAsPeopleWriteThem(string text, string expected)
    {
        ItemSource source = new() { Path = _folder.Write("x.csv", text), Format = ItemFormat.Csv };
        Assert.Equal(expected, string.Join('|', Items(source, World())));
    }

    [Fact]
    public void ColumnsAndKindsOfKeysAreChosen()
    {
        string csv = _folder.Write("x.csv", "sku,name,about\n1,Mouse,\n2,,grey\n3,Hub,7 ports\n");
        string jsonl = _folder.Write("x.jsonl", "{\"sku\":1,\"id\":9,\"about\":null,\"name\":\"Mouse\"}\n{\"sku\":2,\"about\":\"grey\"}\n");
        ItemSource source = new() { Path = csv, Format = ItemFormat.Csv, KeyColumn = "sku", TextColumns = ["about", "name"] };

        Assert.Equal(["1 [Mouse]", "2 [grey]", "3 [7 ports Hub]"], Items(source, World()));
        Assert.Equal(["1 [Mouse]", "2 [grey]"], Items(source with { Path = jsonl, Format = ItemFormat.Jsonl }, World()));
        foreach (KeyKind kind in Enum.GetValues<KeyKind>())
        {
            using ItemReader items = (source with { KeyKind = kind }).Open(World());
            Assert.True(items.TryRead());
            Assert.Equal((kind, "1"), (items.KeyKind, items.KeyText));
        }
    }

    [Theory]
    [InlineData("id,text\n1,\"a\n2,b\n", "line 2: a quote is where none may be, or nothing closes it")]
    [InlineData("id,text\n1,a\n2,5\" disk\n", "line 3: a quote is where none may be")]
    [InlineData("id,text\n1,\"a\"b\n", "line 2: a quote is where none may be")]
    [InlineData("id,text\n1,a,b\n", "line 2: expected 2 fields, as the first line has; found 3.")]
    [InlineData("id,text\n1,\"a\nb\"\n2\n", "line 4: expected 2 fields, as the first line has; found 1.")]
    [InlineData("key,text\n1,a\n", "line 1: expected a column 'id' with the keys; --key-column names another; found 'key', 'text'.")]
    [InlineData("id,name\n1,a\n", "line 1: expected a column 'text' or 'title'; --text-column names others; found 'id', 'name'.")]
    [InlineData("id,text,text\n1,a,b\n", "line 1: expected one column 'text'; found")]
    [InlineData("id,text\n1,a\nx,b\n", "line 3: the key 'x' is no whole number of 0 to 2^64 − 1, and the keys before it are.")]
    [InlineData("id,text\n,a\n", "line 2: its key, column 'id', is empty.")]
    [InlineData("", "x.csv: it is empty; expected a line with the names of the columns.")]
    public void AWrongTextTableIsNamed(string text, string message)
    {
        ItemSource source = new() { Path = _folder.Write("x.csv", text), Format = ItemFormat.Csv };
        Assert.Contains(message, Assert.Throws<AnnException>(() => Items(source, World())).Message);
    }

    [Theory]
    [InlineData("stock", AttributeType.Int64, "1.5", "column 'stock' must be a whole number of 64 bits; found '1.5'.")]
    [InlineData("price", AttributeType.Double, "NaN", "column 'price' must be a number of 64 bits; found 'NaN'.")]
    [InlineData("sold", AttributeType.Bool, "yes", "column 'sold' must be true or false; found 'yes'.")]
    [InlineData("since", AttributeType.Timestamp, "2026-01-31T12:00:00", "column 'since' must be a time with an offset")]
    [InlineData("gone", AttributeType.Bool, "", "line 1: expected a column 'gone'; found")]
    public void AWrongAttributeIsNamed(string name, AttributeType type, string value, string message)
    {
        string header = name == "gone" ? "other" : name;
        ItemSource source = new()
        {
            Path = _folder.Write("x.csv", $"id,text,{header}\n1,a,{value}\n"),
            Format = ItemFormat.Csv,
            Attributes = new AttributeSchema([new AttributeField(name, type)]),
        };
        Assert.Contains(message, Assert.Throws<AnnException>(() => Items(source, World())).Message);
    }

    [Theory]
    [InlineData("jsonl", "line 1: not JSON")]
    [InlineData("csv", "line 1: ")]
    public void TextThatIsNotUtf8IsRefused(string format, string message)
    {
        byte[] text = format == "jsonl"
            ? [.. "{\"id\":1,\"text\":\""u8, 0xC3, 0x28, .. "\"}"u8]
            : [.. "id,text\n1,"u8, 0xC3, 0x28, .. "\n"u8];
        AnnException error = Assert.Throws<AnnException>(
            () => Items(new ItemSource { Path = _folder.Write("x", text), Format = ItemFormats.Names.Parse(format) }, World()));
        Assert.Contains(message, error.Message);
        Assert.Contains("not valid UTF-8", error.Message);
    }

    /// <summary>A line that does not end, packed to a thousandth: what is read of it is bounded, and so is the memory.</summary>
    [Theory]
    [InlineData("jsonl", "", 'x', "it is longer than 16777216 bytes")]
    [InlineData("csv", "id,text\n1,", 'x', "line 2: it is longer than 16777216 characters")]
    [InlineData("csv", "id,text\n1,\"", '\n', "line 2: it is longer than 16777216 characters")]
    [InlineData("csv", "id,text\n1,", ',', "line 2: it is longer than 16777216 characters or 1048576 fields")]
    public void ALineWithoutEndIsRefused(string format, string start, char rest, string message)
    {
        byte[] endless = new byte[40 << 20];
        endless.AsSpan().Fill((byte)rest);
        string path = _folder.Write("x.gz", Zip([.. System.Text.Encoding.UTF8.GetBytes(start), .. endless]));
        ItemSource source = new() { Path = path, Format = ItemFormats.Names.Parse(format) };
        Assert.InRange(new FileInfo(path).Length, 1, 1 << 20);
        Assert.Contains(message, Assert.Throws<AnnException>(() => Items(source, World())).Message);
    }

    [Fact]
    public void PackedTextThatIsCutOffOrDamagedIsRefused()
    {
        string[] lines = [.. Enumerable.Range(0, 2_000).Select(static i => $"{{\"id\":{i},\"text\":\"text {i * 7919}\"}}")];
        byte[] whole = Zip(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        byte[] damaged = [.. whole];
        damaged[^6] ^= 1; // of the checksum

        Assert.Equal(2_000, Items(Source(whole), World()).Count);
        Assert.Equal(4_000, Items(Source([.. whole, .. Zip("\n"u8.ToArray()), .. whole]), World()).Count);
        foreach (byte[] bad in (byte[][])[damaged, whole[..^1], whole[..^8], whole[..(whole.Length / 2)], whole[..12]])
        {
            string message = Assert.Throws<AnnException>(() => Items(Source(bad), World())).Message;
            Assert.Contains("of the gzip data: expected the rest of it", message);
        }

        ItemSource Source(byte[] bytes) => new() { Path = _folder.Write("x.jsonl.gz", bytes), Format = ItemFormat.Jsonl };
    }

    internal static List<string> Items(ItemSource source, ToolContext tool)
    {
        using ItemReader items = source.Open(tool);
        List<string> found = [];
        while (items.TryRead())
            found.Add($"{items.KeyText} [{items.Text}]");
        return found;
    }

    internal static string Describe(ItemSource source, ToolContext tool)
    {
        using ItemReader items = source.Open(tool);
        StringBuilder text = new();
        KeyColumn? keys = null;
        List<string> texts = [];
        while (items.TryRead())
        {
            keys ??= new KeyColumn(items.KeyKind);
            items.AddKeyTo(keys);
            texts.Add(items.Text);
        }
        AttributeBatch attributes = items.TakeAttributes()!;
        for (int i = 0; i < texts.Count; i++)
        {
            text.Append(keys!.Format(i)).Append(" [").Append(texts[i]).Append("] ");
            text.AppendJoin(',', attributes.Columns.Select(column => Value(column, i))).Append('\n');
        }
        return text.ToString();
    }

    internal static ToolContext World(byte[]? input = null) => new()
    {
        Out = TextWriter.Null,
        Error = TextWriter.Null,
        CacheDirectory = ToolRun.CacheDirectory,
        OpenInput = () => new MemoryStream(input ?? []),
    };

    internal static byte[] Zip(byte[] bytes)
    {
        using MemoryStream packed = new();
        using (GZipStream zip = new(packed, CompressionLevel.Fastest))
            zip.Write(bytes);
        return packed.ToArray();
    }

    private static string[] Lines(string text) => text.TrimEnd().Split('\n');

    private static string Value(AttributeColumn column, int item) =>
        !column.Has(item) ? "-"
        : column.Field.Traits.HasText
            ? string.Join('+', Enumerable.Range(0, column.TextCount(item)).Select(
                i => System.Text.Encoding.UTF8.GetString(column.TextAt(item, i))))
        : column.Field.Type == AttributeType.Double
            ? column.DoubleAt(item).ToString(System.Globalization.CultureInfo.InvariantCulture)
        : column.Int64At(item).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
