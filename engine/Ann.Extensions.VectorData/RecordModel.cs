using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Ann.Protocol.V1;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;
using Microsoft.Extensions.VectorData.ProviderServices;

namespace Ann.Extensions.VectorData;

/// <summary>What the records of a collection are, and how an index holds them.</summary>
internal sealed class RecordModel
{
    private RecordModel(CollectionModel records, JsonSerializerOptions serializer)
    {
        Records = records;
        Key = records.KeyProperty;
        Vector = records.VectorProperty;
        Fields =
        [
            .. records.DataProperties.Where(static property => property.IsIndexed)
                .Select(static property => new RecordField(property.StorageName, KindOf(property), property)),
        ];
        Payload = new RecordPayload([.. records.DataProperties.Where(static property => !property.IsIndexed)], serializer);
        (Metric, ToScore, ToWireScore) = ScoreOf(Vector.DistanceFunction);
    }

    /// <summary>The properties.</summary>
    public CollectionModel Records { get; }

    /// <summary>The key: ulong, string or Guid.</summary>
    public KeyPropertyModel Key { get; }

    /// <summary>The vector.</summary>
    public VectorPropertyModel Vector { get; }

    /// <summary>What else a record has that may be filtered by: the attributes of its item.</summary>
    public IReadOnlyList<RecordField> Fields { get; }

    /// <summary>All the rest of a record: the payload of its item.</summary>
    public RecordPayload Payload { get; }

    /// <summary>How nearness is measured.</summary>
    public Metric Metric { get; }

    /// <summary>A score of the index as the distance function has it.</summary>
    public Func<double, double> ToScore { get; }

    /// <summary>A score of the distance function as the index has it.</summary>
    public Func<double, double> ToWireScore { get; }

    /// <summary>Whether the index's keys are texts.</summary>
    public bool HasTextKeys => Key.Type != typeof(ulong);

    /// <summary>Whether every item is looked at, as the kind of index asks for.</summary>
    public bool IsFlat => Vector.IndexKind == IndexKind.Flat;

    /// <summary>Of records of a type.</summary>
    /// <exception cref="InvalidOperationException">They cannot be held; names the property and what was expected.</exception>
    [RequiresUnreferencedCode("Maps records by reflection.")]
    [RequiresDynamicCode("Maps records by reflection.")]
    public static RecordModel Of(
        Type record, Type key, VectorStoreCollectionDefinition? definition, IEmbeddingGenerator? generator,
        JsonSerializerOptions serializer) =>
        new(new Builder().Build(record, key, definition, generator), serializer);

    /// <summary>Of records that are dictionaries.</summary>
    /// <exception cref="InvalidOperationException">They cannot be held; names the property and what was expected.</exception>
    public static RecordModel OfDynamic(
        VectorStoreCollectionDefinition definition, IEmbeddingGenerator? generator, JsonSerializerOptions serializer) =>
        new(new Builder().BuildDynamic(definition, generator), serializer);

    private static RecordFieldKind KindOf(DataPropertyModel property) => RecordFieldKind.Of(property.Type)
        ?? throw new NotSupportedException(
            $"The property '{property.ModelName}' is indexed, and a {property.Type.Name}; {RecordFieldKind.Supported} may be, also "
            + "nullable. Others are stored when IsIndexed is false.");

    private static (Metric, Func<double, double>, Func<double, double>) ScoreOf(string? function) => function switch
    {
        null or DistanceFunction.CosineSimilarity => (Metric.Cosine, Same, Same),
        DistanceFunction.CosineDistance => (Metric.Cosine, static score => 1 - score, static score => 1 - score),
        DistanceFunction.DotProductSimilarity => (Metric.InnerProduct, Same, Same),
        DistanceFunction.NegativeDotProductSimilarity => (Metric.InnerProduct, static score => -score, static score => -score),
        DistanceFunction.EuclideanDistance => (Metric.L2, Same, Same),
        DistanceFunction.EuclideanSquaredDistance => (Metric.L2, static score => score * score, Math.Sqrt),
        _ => throw new NotSupportedException(
            $"The distance function is '{function}'; AnnServer has CosineSimilarity, CosineDistance, DotProductSimilarity, "
            + "NegativeDotProductSimilarity, EuclideanDistance and EuclideanSquaredDistance."),
    };

    private static double Same(double score) => score;

    /// <summary>Says which properties an index can hold.</summary>
    private sealed class Builder() : CollectionModelBuilder(new CollectionModelBuildingOptions
    {
        SupportsMultipleVectors = false,
        RequiresAtLeastOneVector = true,
    })
    {
        protected override bool SupportsKeyAutoGeneration(Type keyPropertyType) => keyPropertyType == typeof(Guid);

        protected override void ValidateKeyProperty(KeyPropertyModel keyProperty)
        {
            base.ValidateKeyProperty(keyProperty);
            if (keyProperty.Type != typeof(ulong) && keyProperty.Type != typeof(string) && keyProperty.Type != typeof(Guid))
            {
                throw new NotSupportedException(
                    $"The key '{keyProperty.ModelName}' is a {keyProperty.Type.Name}; ulong, string or Guid was expected.");
            }
        }

        protected override bool IsDataPropertyTypeValid(Type type, [NotNullWhen(false)] out string? supportedTypes)
        {
            supportedTypes = null; // Of one that is indexed KindOf tells; the serializer takes the others, or says why not.
            return true;
        }

        protected override bool IsVectorPropertyTypeValid(Type type, [NotNullWhen(false)] out string? supportedTypes)
        {
            supportedTypes = "ReadOnlyMemory<float>, Embedding<float>, float[]";
            Type vector = Nullable.GetUnderlyingType(type) ?? type;
            return vector == typeof(ReadOnlyMemory<float>) || vector == typeof(Embedding<float>) || vector == typeof(float[]);
        }
    }
}
