// Names of colours, found by the colour: an index in this process, without a server.
using System.Drawing;
using System.Globalization;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Embedded;

string wanted = args.ElementAtOrDefault(0) ?? "#3a7bd5";
string path = Path.Combine(args.ElementAtOrDefault(1) ?? "embedded-data", "colours");

await using (AnnIndex index = Path.Exists(path) ? AnnIndex.Open(path) : await CreateAsync(path))
{
    float[] vector = VectorOf(ColorTranslator.FromHtml(wanted));
    Show("all colours", index.Search(vector, k: 5));
    Filter dark = new Filter.Between("brightness", null, new FilterBound(null, 0.4));
    Show("dark ones", index.Search(vector, k: 5, new SearchOptions { Filter = dark }));
}

string data = Path.GetDirectoryName(path)!;
Console.WriteLine($"""

    The same directory, served:
      ann serve --data {data}
      ann recommend --index colours --like SteelBlue --k 5
    """);

static async Task<AnnIndex> CreateAsync(string path)
{
    AnnIndexSchema schema = new()
    {
        Dimension = 3,
        Metric = Metric.L2,
        HasStringKeys = true,
        Attributes = [new AttributeField("brightness", AttributeType.Double)],
    };
    AnnIndex index = await AnnIndex.CreateAsync(path, schema);
    await index.UpsertAsync(
        from known in Enum.GetValues<KnownColor>()
        let colour = Color.FromKnownColor(known)
        where !colour.IsSystemColor && colour.A == byte.MaxValue
        select new AnnItem(colour.Name, VectorOf(colour)) { ["brightness"] = colour.GetBrightness() });
    return index; // all of it is on disk, in the format that a server reads
}

static float[] VectorOf(Color colour) => [colour.R / 255f, colour.G / 255f, colour.B / 255f];

static void Show(string title, SearchResults found)
{
    Console.WriteLine($"\n{title}");
    foreach (SearchResult one in found)
    {
        Color colour = Color.FromName(one.Key.ToString());
        string block = Console.IsOutputRedirected ? "" : $"\e[48;2;{colour.R};{colour.G};{colour.B}m      \e[0m ";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {block}{one.Key,-20} distance {one.Score:0.000}"));
    }
}
