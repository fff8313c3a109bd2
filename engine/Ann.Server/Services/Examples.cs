using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Server.Mapping;
using KeyColumn = Ann.Core.Keys.KeyColumn;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Services;

/// <summary>The examples of a recommendation: vectors, and the vectors of the items that its keys name.</summary>
internal sealed class Examples
{
    private readonly List<float> _positives = [];
    private readonly List<float> _negatives = [];

    private Examples(KeyKind kind) => Keys = new KeyColumn(kind);

    /// <summary>Vectors to be like, one after another.</summary>
    public float[] Positives => [.. _positives];

    /// <summary>Vectors to be unlike.</summary>
    public float[] Negatives => [.. _negatives];

    /// <summary>Keys of the examples that are items.</summary>
    public KeyColumn Keys { get; }

    /// <summary>Keys that have no item.</summary>
    public Wire.KeyColumn Missing { get; } = new();

    /// <summary>Reads them, and looks the keys up as of one write.</summary>
    /// <param name="request">The request.</param>
    /// <param name="index">Held by the caller.</param>
    /// <param name="most">Examples allowed of each side.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the field; also when no positive is left.</exception>
    public static Examples Read(Wire.RecommendRequest request, IndexSnapshot index, int most)
    {
        Examples examples = new(index.KeyKind);
        ReadPoint now = index.Now;
        examples.AddKeys(request.PositiveKeys, "positive_keys", index, now, most, examples._positives);
        examples.AddKeys(request.NegativeKeys, "negative_keys", index, now, most, examples._negatives);
        AddVectors(request.PositiveVectors, "positive_vectors", index, CountOf(request.PositiveKeys), most, examples._positives);
        AddVectors(request.NegativeVectors, "negative_vectors", index, CountOf(request.NegativeKeys), most, examples._negatives);
        if (examples._positives.Count == 0)
        {
            int missing = examples.Missing.Numbers.Count + examples.Missing.Texts.Count;
            throw AnnException.Invalid(
                "positive_keys", $"No positive example is left: {missing} keys have no item, and there are no positive vectors.");
        }
        return examples;
    }

    private void AddKeys(Wire.KeyColumn? column, string field, IndexSnapshot index, ReadPoint now, int most, List<float> rows)
    {
        if (column is null || column.Numbers.Count + column.Texts.Count == 0)
            return;
        KeyColumn keys = WireKeys.Read(column, index.KeyKind, index.Name, most, field);
        for (int row = 0; row < keys.Count; row++)
        {
            ItemKey key = WireKeys.At(keys, row);
            if (!index.TryFind(key, now, out SearchHit hit))
            {
                WireKeys.Add(Missing, key);
                continue;
            }
            Keys.Add(key);
            rows.AddRange(index.RowOf(hit));
        }
    }

    private static int CountOf(Wire.KeyColumn? keys) => keys is null ? 0 : keys.Numbers.Count + keys.Texts.Count;

    private static void AddVectors(Wire.VectorBatch? batch, string field, IndexSnapshot index, int keys, int most, List<float> rows)
    {
        if (batch is null)
            return;
        using VectorRows vectors = VectorRows.Read(batch, new VectorTarget(field, index.Name, index.Dimension, most));
        if (vectors.Count + keys > most)
        {
            throw AnnException.Invalid(
                field, $"{field} hold {vectors.Count} rows beside {keys} keys; together there may be at most {most}.");
        }
        rows.AddRange(vectors.Rows(0, vectors.Count));
    }
}
