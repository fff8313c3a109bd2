using Ann.Protocol.V1;

namespace Ann.Client;

/// <summary>Examples to be like and unlike, of keys, vectors and texts. At least one to be like; 1,024 of either at most.</summary>
public sealed class SearchExamples
{
    /// <summary>Keys of items to be like.</summary>
    public ItemKeys LikeKeys { get; init; }

    /// <summary>Vectors to be like.</summary>
    public QueryVectors LikeVectors { get; init; }

    /// <summary>Texts to be like, which the index's own encoder reads.</summary>
    public IReadOnlyList<string> LikeTexts { get; init; } = [];

    /// <summary>Keys of items to be unlike.</summary>
    public ItemKeys UnlikeKeys { get; init; }

    /// <summary>Vectors to be unlike.</summary>
    public QueryVectors UnlikeVectors { get; init; }

    /// <summary>Texts to be unlike.</summary>
    public IReadOnlyList<string> UnlikeTexts { get; init; } = [];

    /// <summary>How the examples make a query. Default: by their mean.</summary>
    public RecommendStrategy Strategy { get; init; } = RecommendStrategy.Average;

    /// <summary>Let the examples themselves be returned.</summary>
    public bool WithExamples { get; init; }

    internal RecommendRequest ToWire()
    {
        RecommendRequest request = new() { Strategy = Strategy, WithExamples = WithExamples };
        if (LikeKeys.Count > 0)
            request.PositiveKeys = LikeKeys.ToWire();
        if (UnlikeKeys.Count > 0)
            request.NegativeKeys = UnlikeKeys.ToWire();
        if (!LikeVectors.IsEmpty)
            request.PositiveVectors = LikeVectors.ToWire();
        if (!UnlikeVectors.IsEmpty)
            request.NegativeVectors = UnlikeVectors.ToWire();
        request.PositiveTexts.AddRange(LikeTexts);
        request.NegativeTexts.AddRange(UnlikeTexts);
        return request;
    }
}
