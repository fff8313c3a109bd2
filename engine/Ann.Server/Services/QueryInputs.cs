using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Indexes;
using Ann.Encoding;
using Ann.Encoding.Batching;
using Ann.Protocol.V1;
using Ann.Server.Mapping;
using Google.Protobuf;
using TextRole = Ann.Encoding.TextRole;

namespace Ann.Server.Services;

/// <summary>
/// What a request holds in the place of vectors: texts and features, of all its parts in one list. Their vectors take their place in the
/// request, which is then answered like any other.
/// </summary>
internal sealed class QueryInputs
{
    private readonly List<Part> _parts = [];

    private QueryInputs()
    {
    }

    /// <summary>Of a search; null when it has vectors.</summary>
    public static QueryInputs? Of(SearchRequest? search, string path = "")
    {
        if (search is null || !IsEncoded(search))
            return null;
        QueryInputs inputs = new();
        inputs.Add(search, path);
        return inputs;
    }

    /// <summary>Of several searches; null when all have vectors.</summary>
    public static QueryInputs? Of(SearchManyRequest request)
    {
        QueryInputs? inputs = null;
        for (int i = 0; i < request.Searches.Count; i++)
            if (IsEncoded(request.Searches[i]))
                (inputs ??= new QueryInputs()).Add(request.Searches[i], $"searches[{i}].");
        return inputs;
    }

    /// <summary>Of a range; null when it has vectors.</summary>
    public static QueryInputs? Of(RangeRequest request) => Of(request.Search, "search.");

    /// <summary>Of an explanation; null when it has vectors.</summary>
    public static QueryInputs? Of(ExplainRequest request) => Of(request.Search, "search.");

    /// <summary>Of a recommendation, whose examples may be texts; null when none is.</summary>
    public static QueryInputs? Of(RecommendRequest request)
    {
        if (request.PositiveTexts.Count == 0 && request.NegativeTexts.Count == 0)
            return null;
        QueryInputs inputs = new();
        if (request.PositiveTexts.Count > 0)
        {
            inputs._parts.Add(new Part("positive_texts", request.PositiveTexts, null, (rows, index, most) =>
            {
                request.PositiveVectors = Joined(request.PositiveVectors, "positive_vectors", rows, index, most);
                request.PositiveTexts.Clear();
            }));
        }
        if (request.NegativeTexts.Count > 0)
        {
            inputs._parts.Add(new Part("negative_texts", request.NegativeTexts, null, (rows, index, most) =>
            {
                request.NegativeVectors = Joined(request.NegativeVectors, "negative_vectors", rows, index, most);
                request.NegativeTexts.Clear();
            }));
        }
        return inputs;
    }

    /// <summary>All texts, as queries.</summary>
    /// <exception cref="AnnException">InvalidArgument: too many, or features for an encoder that reads texts.</exception>
    public RoleText[] Texts(EncoderInfo encoder, int most)
    {
        List<RoleText> texts = [];
        foreach (Part part in _parts)
        {
            if (part.Features is not null)
                throw AnnException.Invalid(part.Field, $"{part.Field} is set; encoder '{encoder.Name}' reads texts, so fill texts.");
            texts.AddRange(part.Texts.Select(static text => new RoleText(text, TextRole.Query)));
            RequireRows(part, texts.Count, most);
        }
        return [.. texts];
    }

    /// <summary>All rows of features.</summary>
    /// <exception cref="AnnException">InvalidArgument: too many, not what the encoder reads, or texts for it.</exception>
    public FeatureBytes[] Features(EncoderInfo encoder, FeatureInput input, int most)
    {
        List<FeatureBytes> all = [];
        foreach (Part part in _parts)
        {
            if (part.Features is null)
            {
                throw AnnException.Invalid(
                    part.Field, $"{part.Field} is set; encoder '{encoder.Name}' reads features, so fill features.");
            }
            FeatureBytes[] rows = WireFeatures.Read(part.Features, input, encoder.Name, part.Field, most);
            part.Rows = rows.Length;
            all.AddRange(rows);
            RequireRows(part, all.Count, most);
        }
        return [.. all];
    }

    /// <summary>What the request calls a row.</summary>
    public string NameOf(int row)
    {
        foreach (Part part in _parts)
        {
            if (row < part.Rows)
                return $"{part.Field}[{row}]";
            row -= part.Rows;
        }
        throw new ArgumentOutOfRangeException(nameof(row), row, "There are fewer rows.");
    }

    /// <summary>Puts vectors in the place of what they were made of.</summary>
    /// <param name="rows">Float32, of all parts.</param>
    /// <param name="index">That they are for.</param>
    /// <param name="most">Rows that a part may have.</param>
    /// <exception cref="AnnException">
    /// InvalidArgument: the index cannot be searched by one of them; its text or features are named.
    /// </exception>
    public void Replace(byte[] rows, IndexSnapshot index, int most)
    {
        int width = index.Dimension * sizeof(float);
        float[] scratch = new float[index.Dimension];
        for (int row = 0; row < rows.Length / width; row++)
        {
            ReadOnlySpan<float> vector = MemoryMarshal.Cast<byte, float>(rows.AsSpan(row * width, width));
            try
            {
                RowPreparation.Prepare(index.Metric, vector, scratch, "rows", row);
            }
            catch (AnnException e)
            {
                string name = NameOf(row);
                throw AnnException.Invalid(name, $"{name} makes a vector that index '{index.Name}' cannot be searched by: {e.Message}");
            }
        }
        int first = 0;
        foreach (Part part in _parts)
        {
            part.Replace(
                new VectorBatch
                {
                    Dtype = Dtype.F32,
                    Dim = (uint)index.Dimension,
                    Data = UnsafeByteOperations.UnsafeWrap(rows.AsMemory(first * width, part.Rows * width)),
                },
                index, most);
            first += part.Rows;
        }
    }

    private static bool IsEncoded(SearchRequest search) => search.Texts.Count > 0 || search.Features is not null;

    private void Add(SearchRequest search, string path)
    {
        bool hasTexts = search.Texts.Count > 0;
        if (search.Queries is not null || (hasTexts && search.Features is not null))
        {
            string field = path + (hasTexts ? "texts" : "features");
            string other = search.Queries is not null ? "queries" : "features";
            throw AnnException.Invalid(field, $"{field} is set beside {other}; fill exactly one of queries, texts and features.");
        }
        _parts.Add(new Part(path + (hasTexts ? "texts" : "features"), search.Texts, search.Features, (rows, _, _) =>
        {
            search.Queries = rows;
            search.Texts.Clear();
            search.Features = null;
        }));
    }

    private static void RequireRows(Part part, int rows, int most)
    {
        if (rows <= most)
            return;
        throw AnnException.Invalid(
            part.Field, $"{part.Field}: with it there are {rows} rows to encode; a request takes at most {most}.");
    }

    /// <summary>The vectors of a request, and those that were made of its texts.</summary>
    private static VectorBatch Joined(VectorBatch? own, string field, VectorBatch made, IndexSnapshot index, int most)
    {
        if (own is null)
            return made;
        using VectorRows rows = VectorRows.Read(own, new VectorTarget(field, index.Name, index.Dimension, most));
        byte[] all = [.. MemoryMarshal.AsBytes(rows.Rows(0, rows.Count)), .. made.Data.Span];
        return new VectorBatch { Dtype = made.Dtype, Dim = made.Dim, Data = UnsafeByteOperations.UnsafeWrap(all) };
    }

    /// <param name="Field">Of the request, by its path.</param>
    /// <param name="Texts">What is to be encoded; none where it is features.</param>
    /// <param name="Features">Or else these.</param>
    /// <param name="Replace">Takes their vectors.</param>
    private sealed record Part(
        string Field, IReadOnlyList<string> Texts, FeatureBatch? Features, Action<VectorBatch, IndexSnapshot, int> Replace)
    {
        public int Rows { get; set; } = Texts.Count;
    }
}
