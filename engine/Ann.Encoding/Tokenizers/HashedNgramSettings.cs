using System.Globalization;

namespace Ann.Encoding.Tokenizers;

/// <summary>How <see cref="HashedNgramTokenizer"/> cuts and weighs words.</summary>
/// <param name="Buckets">Rows of the model's table: every id is below.</param>
/// <param name="MinNgram">Shortest n-gram, UTF-16 units including the boundary marks.</param>
/// <param name="MaxNgram">Longest n-gram.</param>
internal sealed record HashedNgramSettings(int Buckets = 32_768, int MinNgram = 3, int MaxNgram = 5)
{
    /// <summary>Squared weight of the whole word; its n-grams share the rest, so that a word weighs 1 however long it is.</summary>
    /// <remarks>
    /// Measured at 0.5 and 0.2: nDCG@10 of ir-msmarco5k 0.616 and 0.635; MRR@10 of finding one of 5,400 WordNet texts by two of its words
    /// 0.853 and 0.854, and with a typing error in both of them 0.126 and 0.260.
    /// </remarks>
    public const float WordShare = 0.2f;

    /// <summary>Weight of a stop word; others weigh 1.</summary>
    public const float StopWordWeight = 0.15f;

    /// <summary>Weight of a compound read as one word ("wi-fi" as "wifi"), beside its parts at 1.</summary>
    public const float CompoundWeight = 0.5f;

    /// <summary>Rises whenever the same text gives other tokens or weights.</summary>
    private const int Version = 1;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"hashed-ngrams/{Version} buckets={Buckets} n={MinNgram}..{MaxNgram}");
}
