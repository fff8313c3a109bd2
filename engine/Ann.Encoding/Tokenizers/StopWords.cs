using System.Collections.Frozen;

namespace Ann.Encoding.Tokenizers;

/// <summary>English words that say little about a text. Part of the tokenizer's version: a change here changes every row.</summary>
internal static class StopWords
{
    private static readonly FrozenSet<string> Words = (
        "a about above after again against all also am an and any are as at be because been before being below between both but by " +
        "can cannot could did do does doing down during each few for from further had has have having he her here hers him his how " +
        "i if in into is it its itself just me more most my no nor not now of off on once only or other our out over own " +
        "same she should so some such than that the their them then there these they this those through to too under until up us " +
        "very was we were what when where which while who whom why will with would you your " +
        "dont doesnt isnt wasnt cant im ive youre thats")
        .Split(' ').ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Lookup = Words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>True when a folded word is on the list.</summary>
    public static bool Contains(ReadOnlySpan<char> word) => Lookup.Contains(word);
}
