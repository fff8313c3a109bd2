using System.Diagnostics;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Ann.Encoding.Tokenizers;

/// <summary>
/// Words and their character n-grams, hashed to buckets. It has no vocabulary, so every language and every misspelling has tokens;
/// two spellings of a word share most n-grams, and so most of their direction.
/// </summary>
/// <remarks>
/// Random table rows are nearly orthogonal, so the squared weights of the tokens that two texts share add up to their similarity:
/// that is why weights are chosen by their squares. A word seen n times weighs √n.
/// </remarks>
internal sealed class HashedNgramTokenizer(HashedNgramSettings settings) : ITextTokenizer
{
    private const long WordSeed = 1;
    private const long NgramSeed = 2;
    private const char Boundary = '\u0001';

    public long PaddingId => 0;

    public bool HasWeights => true;

    public int SpecialTokens => 0;

    public string Settings => settings.ToString();

    /// <summary>
    /// Whole words first, then n-grams word by word until the row is full: a long text loses the spelling tolerance of its last words,
    /// never a word among its first <see cref="WordList.MaxWords"/>.
    /// </summary>
    public void Tokenize(string text, int maxTokens, TokenBuffer tokens)
    {
        using WordList words = new();
        words.Read(text);

        int count = Math.Min(words.Count, maxTokens);
        for (int i = 0; i < count; i++)
            tokens.Add(Bucket(words.Characters(i), WordSeed), words.Weight(i) * MathF.Sqrt(HashedNgramSettings.WordShare));

        int room = maxTokens - count;
        for (int i = 0; i < count && room > 0; i++)
            room -= AddNgrams(words.Characters(i), words.Weight(i), words.IsIdeographic(i), room, tokens);
    }

    private int AddNgrams(ReadOnlySpan<char> word, float weight, bool ideographic, int room, TokenBuffer tokens)
    {
        Debug.Assert(word.Length <= WordList.MaxWordLength);

        Span<char> marked = stackalloc char[WordList.MaxWordLength + 2];
        marked[0] = Boundary;
        word.CopyTo(marked[1..]);
        marked[word.Length + 1] = Boundary;
        marked = marked[..(word.Length + 2)];
        // An ideograph is nearly a word: pairs of them say what five letters do.
        int shortest = ideographic ? 2 : settings.MinNgram;
        int longest = ideographic ? 2 : settings.MaxNgram;

        int count = 0;
        for (int n = shortest; n <= longest; n++)
            count += Math.Max(0, marked.Length - n + 1);
        if (count == 0)
            return 0;

        float each = weight * MathF.Sqrt((1 - HashedNgramSettings.WordShare) / count);
        int added = 0;
        for (int n = shortest; n <= longest; n++)
            for (int start = 0; start + n <= marked.Length && added < room; start++, added++)
                tokens.Add(Bucket(marked.Slice(start, n), NgramSeed), each);
        return added;
    }

    // UTF-16 units are hashed as little-endian bytes, the only order .NET runs in.
    private long Bucket(ReadOnlySpan<char> characters, long seed) =>
        (long)(XxHash3.HashToUInt64(MemoryMarshal.AsBytes(characters), seed) % (ulong)settings.Buckets);
}
