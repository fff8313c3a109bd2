namespace Ann.Encoding.Tokenizers;

/// <summary>Finds added tokens in texts: the leftmost, and of those the longest.</summary>
internal sealed class AddedTokenFinder
{
    private readonly Dictionary<char, AddedToken[]> _byFirst;

    /// <param name="tokens">Tokens; one without characters is never found.</param>
    /// <exception cref="Core.AnnException">One asks for blanks or borders of words beside it, which is not implemented.</exception>
    public AddedTokenFinder(IEnumerable<AddedToken> tokens)
    {
        AddedToken[] all = [.. tokens.Where(static token => token.Content.Length > 0)];
        foreach (AddedToken token in all)
            foreach (string field in (ReadOnlySpan<string>)["lstrip", "rstrip", "single_word"])
                if (token.Source.Flag(field) ?? false)
                    throw token.Source.Wrong(field, "false, for it is not implemented for tokens that are not special", "true");
        _byFirst = all.GroupBy(static token => token.Content[0]).ToDictionary(
            static group => group.Key, static group => group.OrderByDescending(static token => token.Content.Length).ToArray());
    }

    /// <summary>The parts of a text in order: a token's id, or text between tokens, which is not empty.</summary>
    public IEnumerable<(string Text, int? Token)> Split(string text)
    {
        int start = 0;
        for (int place = 0; _byFirst.Count > 0 && place < text.Length; place++)
        {
            if (!_byFirst.TryGetValue(text[place], out AddedToken[]? candidates))
                continue;
            AddedToken? found = Array.Find(
                candidates, token => string.CompareOrdinal(text, place, token.Content, 0, token.Content.Length) == 0);
            if (found is null)
                continue;
            if (place > start)
                yield return (text[start..place], null);
            yield return (found.Content, found.Id);
            start = place + found.Content.Length;
            place = start - 1;
        }
        if (start < text.Length)
            yield return (start == 0 ? text : text[start..], null);
    }
}
