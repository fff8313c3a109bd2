using System.Text.Json;

namespace Ann.Encoding.Tokenizers;

/// <summary>Reads the tokens of a <c>tokenizer.json</c>.</summary>
internal static class TokenizerVocabulary
{
    private const int MaxTokenCount = 4_000_000;

    /// <summary>All tokens, those added included, by their ids. Ids that no token has get a name that no text can spell.</summary>
    public static string[] Tokens(TokenizerJson root, TokenizerJson model)
    {
        SortedDictionary<int, string> tokens = [];
        foreach ((string token, int id) in Ids(model))
            tokens[id] = token;
        foreach (TokenizerJson token in root.Objects("added_tokens"))
            tokens[token.Number("id") ?? throw token.Wrong("id", "a whole number", null)] =
                token.Text("content") ?? throw token.Wrong("content", "a string", null);
        RequireIds(model, tokens.Keys);

        string[] list = new string[tokens.Keys.Last() + 1];
        for (int id = 0; id < list.Length; id++)
            list[id] = tokens.TryGetValue(id, out string? token) ? token : $"\u0001unused {id}";
        return list;
    }

    /// <summary>The tokens of the model alone, of a vocabulary that names an id for each.</summary>
    public static IEnumerable<(string Token, int Id)> Ids(TokenizerJson model)
    {
        foreach (JsonProperty entry in model.Fields("vocab"))
            yield return entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out int id)
                ? (entry.Name, id)
                : throw model.Wrong("vocab", "a whole number for every token", TokenizerJson.Text(entry.Value));
    }

    /// <summary>Refuses ids that no vocabulary has.</summary>
    public static void RequireIds(TokenizerJson model, IReadOnlyCollection<int> ids)
    {
        if (ids.Count == 0 || ids.Min() < 0 || ids.Max() >= MaxTokenCount)
            throw model.Wrong("vocab", $"ids from 0 to at most {MaxTokenCount - 1}", $"{ids.Count} tokens");
    }
}
