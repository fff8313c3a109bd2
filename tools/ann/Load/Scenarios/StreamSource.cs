using Ann.Core;
using Ann.Protocol.V1;
using Ann.Tool.Evaluation;
using Ann.Tool.Queries;
using Ann.Tool.Remote;

namespace Ann.Tool.Load.Scenarios;

/// <summary>What the requests of a stream are made of, read and checked before the load begins.</summary>
internal sealed class StreamSource
{
    private const int MostKeys = 10_000;
    private const int MostTexts = 1_000_000;

    private readonly double[] _shares;

    /// <param name="stream">The stream.</param>
    /// <param name="seed">Of what is drawn.</param>
    /// <param name="index">The index.</param>
    private StreamSource(ScenarioStream stream, int seed, IndexDescription index)
    {
        Stream = stream;
        Seed = seed;
        Index = index;
        Filters = [.. (stream.Filters?.List ?? []).Select(text =>
            text.Length == 0 ? null : SearchVerbOptions.ParseFilter($"streams: {stream.Name}: filters", text, index))];
        _shares = Shares(stream.Filters);
    }

    /// <summary>The stream.</summary>
    public ScenarioStream Stream { get; }

    /// <summary>Seed of what is drawn for its requests.</summary>
    public int Seed { get; }

    /// <summary>The index that is asked.</summary>
    public IndexDescription Index { get; }

    /// <summary>Vectors of queries or of upserts; null where there are none.</summary>
    public QuerySet? Vectors { get; private init; }

    /// <summary>Texts of queries.</summary>
    public IReadOnlyList<string> Texts { get; private init; } = [];

    /// <summary>Some keys of the index.</summary>
    public KeyColumn Keys { get; private init; } = new();

    /// <summary>Keys of <see cref="Keys"/>.</summary>
    public int KeyCount => Keys.Numbers.Count + Keys.Texts.Count;

    private Filter?[] Filters { get; }

    /// <summary>Reads it.</summary>
    /// <param name="tool">Whose files.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="seed">Of what is drawn.</param>
    /// <param name="index">The index.</param>
    /// <param name="queries">File of query vectors of streams that name none; null where none was given.</param>
    /// <param name="keys">Keys of the index, from <see cref="KeysOfAsync"/>.</param>
    /// <exception cref="AnnException">InvalidArgument: a file or a filter cannot be used.</exception>
    public static StreamSource Read(
        ToolContext tool, ScenarioStream stream, int seed, IndexDescription index, string? queries, KeyColumn keys)
    {
        string? path = stream.Kind is StreamKinds.Search or StreamKinds.Upsert
            ? stream.Queries ?? queries ?? throw AnnException.Invalid(
                "--queries", $"--queries is missing: stream '{stream.Name}' of kind {stream.Kind} names no file of its own.")
            : null;
        QuerySet? vectors = path is null ? null : QuerySet.Load(tool, path, $"index '{index.Name}'", (int)index.Dimension);
        if (vectors is { Count: 0 })
            throw AnnException.BadInput(path!, "", "it holds no vector.");
        StreamSource source = new(stream, seed, index)
        {
            Vectors = vectors,
            Texts = stream.Texts is null ? [] : ReadTexts(tool, stream.Texts),
            Keys = keys,
        };
        if (source.KeyCount == 0 && (stream.Kind is StreamKinds.Recommend or StreamKinds.Update || stream.Exclude?.Keys > 0))
            throw AnnException.Invalid(
                "--index", $"stream '{stream.Name}' draws keys of index '{index.Name}', and it has no item.");
        return source;
    }

    /// <summary>The first keys of an index, at most 10,000.</summary>
    public static async Task<KeyColumn> KeysOfAsync(ServerConnection server, string index, CancellationToken cancellation)
    {
        KeyColumn keys = new();
        ScrollRequest request = new() { Index = index, Limit = 1000 };
        while (keys.Numbers.Count + keys.Texts.Count < MostKeys)
        {
            ScrollResponse page = await server.ReadAsync(
                retrieval => retrieval.ScrollAsync(request, cancellationToken: cancellation), cancellation);
            if (page.Keys is null || page.Keys.Numbers.Count + page.Keys.Texts.Count == 0)
                break;
            keys.MergeFrom(page.Keys);
            request.After = new KeyColumn();
            if (page.Keys.Texts.Count > 0)
                request.After.Texts.Add(page.Keys.Texts[^1]);
            else
                request.After.Numbers.Add(page.Keys.Numbers[^1]);
        }
        return keys;
    }

    /// <summary>The filter of a request; null for none.</summary>
    public Filter? FilterOf(long number, ref NumberDraw draw)
    {
        if (Filters.Length == 0)
            return null;
        if (Stream.Filters!.Draw == "turn")
            return Filters[number % Filters.Length];
        int place = Array.BinarySearch(_shares, draw.Share());
        return Filters[Math.Min(place < 0 ? ~place : place, Filters.Length - 1)];
    }

    /// <summary>Appends so many keys of the index, drawn.</summary>
    public void DrawKeys(int count, ref NumberDraw draw, KeyColumn into)
    {
        for (int i = 0; i < count; i++)
        {
            int place = draw.Below(KeyCount);
            if (Keys.Texts.Count > 0)
                into.Texts.Add(Keys.Texts[place]);
            else
                into.Numbers.Add(Keys.Numbers[place]);
        }
    }

    private static List<string> ReadTexts(ToolContext tool, string path)
    {
        List<string> texts = [];
        using StreamReader reader = new(tool.Files.OpenRead(path));
        while (texts.Count < MostTexts && reader.ReadLine() is string line)
        {
            if (line.Trim() is { Length: > 0 } text)
                texts.Add(text);
        }
        return texts.Count > 0 ? texts : throw AnnException.BadInput(path, "", "it holds no text; one a line was expected.");
    }

    /// <summary>Shares of the filters up to each, which a number of 0 to 1 is looked up in.</summary>
    private static double[] Shares(ScenarioFilters? filters)
    {
        if (filters is null)
            return [];
        double[] weights =
            [.. filters.List.Select((_, i) => filters.Draw == "zipf" ? Math.Pow(i + 1, -filters.Skew) : 1)];
        double all = weights.Sum();
        double sum = 0;
        return [.. weights.Select(weight => (sum += weight) / all)];
    }
}
