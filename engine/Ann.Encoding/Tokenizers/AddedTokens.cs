namespace Ann.Encoding.Tokenizers;

/// <summary>
/// Tokens beside those of the model. Special ones are never read from a text, so that a text cannot write control tokens; the others are,
/// wherever they stand in it.
/// </summary>
/// <param name="Special">The text of the special ones.</param>
/// <param name="Plain">The text of the others, with their ids and whether they are looked for behind the normaliser.</param>
internal sealed record AddedTokens(IReadOnlyDictionary<string, int> Special, IReadOnlyList<AddedToken> Plain)
{
    /// <summary>Reads them.</summary>
    public static AddedTokens Read(TokenizerJson root)
    {
        Dictionary<string, int> special = new(StringComparer.Ordinal);
        List<AddedToken> plain = [];
        foreach (TokenizerJson token in root.Objects("added_tokens"))
        {
            string content = token.Text("content") ?? throw token.Wrong("content", "a string", null);
            int id = token.Number("id") ?? throw token.Wrong("id", "a whole number", null);
            if (token.Flag("special") ?? true)
                special[content] = id;
            else
                plain.Add(new AddedToken(content, id, token.Flag("normalized") ?? true, token));
        }
        return new AddedTokens(special, plain);
    }

    /// <summary>Refuses those that are looked for in texts.</summary>
    public void RequireNone(TokenizerJson root, string model)
    {
        if (Plain.Count > 0)
            throw root.Wrong(
                "added_tokens", $"special tokens alone, for others are not implemented for {model}", $"'{Plain[0].Content}'");
    }
}

/// <summary>A token that is looked for in texts.</summary>
/// <param name="Content">Its text.</param>
/// <param name="Id">Its id.</param>
/// <param name="IsNormalized">It is looked for behind the normaliser instead of in front of it.</param>
/// <param name="Source">Where it is said, for messages.</param>
internal sealed record AddedToken(string Content, int Id, bool IsNormalized, TokenizerJson Source);
