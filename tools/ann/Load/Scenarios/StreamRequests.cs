using System.Globalization;
using System.Text.Json;
using Ann.Core;
using Ann.Protocol.V1;
using Ann.Tool.Remote;

namespace Ann.Tool.Load.Scenarios;

/// <summary>The requests of a stream, made one by one: the same for the same number.</summary>
/// <param name="source">What they are made of.</param>
internal sealed class StreamRequests(StreamSource source)
{
    /// <summary>Keys of upserts begin here: far from those that data has.</summary>
    private const ulong FirstKey = 1UL << 62;

    private readonly ScenarioStream _stream = source.Stream;
    private readonly SearchRequest _asked = Asked(source);

    /// <summary>A search by vectors or texts.</summary>
    public SearchRequest Search(long number)
    {
        NumberDraw draw = new(source.Seed, number);
        SearchRequest search = Common(number, ref draw);
        if (_stream.Kind == StreamKinds.Text)
            search.Texts.Add(source.Texts[(int)(number % source.Texts.Count)]);
        else
            search.Queries = Rows(number, _stream.Rows);
        if (_stream.Rows > 1)
            search.Union = new Union();
        return search;
    }

    /// <summary>Neighbours of an item.</summary>
    public RecommendRequest Recommend(long number)
    {
        NumberDraw draw = new(source.Seed, number);
        RecommendRequest request = new() { Search = Common(number, ref draw), PositiveKeys = new KeyColumn() };
        source.DrawKeys(1, ref draw, request.PositiveKeys);
        return request;
    }

    /// <summary>New items, round and round in the pool.</summary>
    public UpsertRequest Upsert(long number) => new()
    {
        Index = source.Index.Name,
        Keys = PoolKeys(number),
        Vectors = Rows(number, _stream.Items),
    };

    /// <summary>The items that an upsert of the same number wrote.</summary>
    public DeleteRequest Delete(long number) => new() { Index = source.Index.Name, Keys = PoolKeys(number) };

    /// <summary>An attribute of drawn items.</summary>
    public UpdateRequest Update(long number)
    {
        NumberDraw draw = new(source.Seed, number);
        UpdateRequest request = new() { Index = source.Index.Name, Keys = new KeyColumn() };
        source.DrawKeys(_stream.Items, ref draw, request.Keys);
        AttributeColumn column = new() { Name = _stream.Attribute };
        for (int i = 0; i < _stream.Items; i++)
            Add(column, _stream.Values[(int)((number * _stream.Items + i) % _stream.Values.Count)]);
        request.Attributes.Add(column);
        return request;
    }

    /// <summary>A filter for the server to have at hand.</summary>
    public PrepareFilterRequest Prepare(long number)
    {
        NumberDraw draw = new(source.Seed, number);
        return new PrepareFilterRequest { Index = source.Index.Name, Filter = source.FilterOf(number, ref draw) ?? new Filter() };
    }

    private static SearchRequest Asked(StreamSource source)
    {
        ScenarioStream stream = source.Stream;
        SearchRequest asked = new() { Index = source.Index.Name, K = (uint)stream.K };
        if (stream.Ef > 0)
            asked.EfSearch = (uint)stream.Ef;
        if (stream.RecallTarget is double target)
            asked.RecallTarget = (float)target;
        if (stream.BestSoFar)
            asked.OnDeadline = OnDeadline.BestSoFar;
        foreach ((string attribute, int most) in stream.Caps)
            asked.Caps.Add(new Cap { Attribute = attribute, Most = (uint)most });
        return asked;
    }

    private SearchRequest Common(long number, ref NumberDraw draw)
    {
        SearchRequest search = _asked.Clone();
        search.Filter = source.FilterOf(number, ref draw);
        if (_stream.Exclude is ScenarioExclusions exclude)
        {
            search.Exclude = new Exclusions();
            if (exclude.Keys > 0)
                source.DrawKeys(exclude.Keys, ref draw, search.Exclude.Keys = new KeyColumn());
            if (exclude.Set is string set)
            {
                string chosen = draw.Below(exclude.Of).ToString(CultureInfo.InvariantCulture);
                search.Exclude.Sets.Add(set.Replace("{n}", chosen, StringComparison.Ordinal));
            }
        }
        return search;
    }

    private VectorBatch Rows(long number, int rows)
    {
        int dimension = (int)source.Index.Dimension;
        float[] values = new float[rows * dimension];
        for (int row = 0; row < rows; row++)
            source.Vectors![(int)((number * rows + row) % source.Vectors.Count)].CopyTo(values.AsSpan(row * dimension));
        return ServerConnection.ToBatch(values, dimension);
    }

    private KeyColumn PoolKeys(long number)
    {
        KeyColumn keys = new();
        for (int i = 0; i < _stream.Items; i++)
        {
            ulong place = (ulong)((number * _stream.Items + i) % _stream.Pool);
            if (source.Index.KeyKind == KeyKind.String)
                keys.Texts.Add("ann-load-" + place.ToString(CultureInfo.InvariantCulture));
            else
                keys.Numbers.Add(FirstKey + place);
        }
        return keys;
    }

    /// <summary>Appends a value by its form in the file; one that is not of the attribute's type is refused by the server.</summary>
    private void Add(AttributeColumn column, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                column.Keywords.Add(value.GetString()!);
                break;
            case JsonValueKind.True or JsonValueKind.False:
                column.Bools.Add(value.GetBoolean());
                break;
            case JsonValueKind.Number when value.TryGetInt64(out long number):
                column.Integers.Add(number);
                break;
            case JsonValueKind.Number:
                column.Doubles.Add(value.GetDouble());
                break;
            default:
                throw AnnException.Invalid(
                    "values", $"stream '{_stream.Name}' sets '{_stream.Attribute}' to {value.GetRawText()}, which is no single value.");
        }
    }
}
