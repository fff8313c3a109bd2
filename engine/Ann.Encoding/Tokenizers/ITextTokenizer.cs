namespace Ann.Encoding.Tokenizers;

/// <summary>Turns a text into the numbers that a model reads. Safe for any number of threads.</summary>
internal interface ITextTokenizer
{
    /// <summary>What fills the unused end of a padded row.</summary>
    long PaddingId { get; }

    /// <summary>True when every token carries a weight, which the model receives as a second input.</summary>
    bool HasWeights { get; }

    /// <summary>Tokens that every text has, whatever is in it.</summary>
    int SpecialTokens { get; }

    /// <summary>Names every choice that changes the tokens of a text; part of the fingerprint.</summary>
    string Settings { get; }

    /// <summary>
    /// Appends the tokens of one text to the last row of <paramref name="tokens"/>, at most <paramref name="maxTokens"/> of them.
    /// </summary>
    void Tokenize(string text, int maxTokens, TokenBuffer tokens);
}
