using System.Buffers;
using System.Diagnostics;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace Ann.Encoding.Tokenizers;

/// <summary>
/// The distinct words of a text, lower-cased and without accents, with their weights. Apostrophes are dropped ("don't" is "dont"); a hyphen
/// parts words, and the compound is kept as a further word of less weight. Owns pooled arrays.
/// </summary>
internal sealed class WordList : IDisposable
{
    /// <summary>Distinct words kept of one text.</summary>
    public const int MaxWords = 1024;

    /// <summary>Longest word in UTF-16 units; a longer run is cut into several.</summary>
    public const int MaxWordLength = 64;

    private readonly ulong[] _hashes = ArrayPool<ulong>.Shared.Rent(MaxWords);
    private readonly Word[] _words = ArrayPool<Word>.Shared.Rent(MaxWords);
    private char[] _characters = ArrayPool<char>.Shared.Rent(256);
    private int _end;

    private struct Word
    {
        public int Start;
        public int Length;
        public float SquaredWeight;
        public bool IsIdeographic;
    }

    /// <summary>Distinct words, 0 to <see cref="MaxWords"/>.</summary>
    public int Count { get; private set; }

    /// <summary>The folded word.</summary>
    public ReadOnlySpan<char> Characters(int word) => _characters.AsSpan(_words[word].Start, _words[word].Length);

    /// <summary>Weight of the word: 1 for one that occurs once, √n for n times, less for stop words.</summary>
    public float Weight(int word) => MathF.Sqrt(_words[word].SquaredWeight);

    /// <summary>True for a run of Chinese characters or kana, which are written without spaces.</summary>
    public bool IsIdeographic(int word) => _words[word].IsIdeographic;

    /// <summary>Reads a text into an empty list.</summary>
    public void Read(string text)
    {
        Debug.Assert(Count == 0 && _end == 0);

        int start = 0;            // first unit of the word being read
        int compound = -1;        // first unit of the compound being read, -1 when there is none
        int firstPart = 0;        // end of the compound's first part
        bool ideographic = false;
        Span<char> folded = stackalloc char[WordFolding.MaxUnits];
        foreach (Rune rune in text.EnumerateRunes())
        {
            WordFolding.Role role = WordFolding.Fold(rune, folded, out int length);
            if (role == WordFolding.Role.Skipped)
                continue;
            bool letter = role is WordFolding.Role.Letter or WordFolding.Role.Ideograph;
            bool changesScript = letter && _end > start && ideographic != (role == WordFolding.Role.Ideograph);
            if (!letter || changesScript || _end - start + length > MaxWordLength)
            {
                bool hyphen = role == WordFolding.Role.Hyphen && _end > start;
                if (hyphen && compound < 0)
                    (compound, firstPart) = (start, _end);
                start = EndWord(start, ideographic);
                if (!hyphen && compound >= 0)
                {
                    EndCompound(compound, firstPart);
                    compound = -1;
                }
            }
            if (!letter)
                continue;
            ideographic = role == WordFolding.Role.Ideograph;
            Append(folded[..length]);
        }
        EndWord(start, ideographic);
        if (compound >= 0)
            EndCompound(compound, firstPart);
    }

    public void Dispose()
    {
        ArrayPool<ulong>.Shared.Return(_hashes);
        ArrayPool<Word>.Shared.Return(_words);
        ArrayPool<char>.Shared.Return(_characters);
    }

    /// <summary>Parts stand side by side in the buffer, so the compound is their whole run.</summary>
    private void EndCompound(int start, int firstPart)
    {
        bool hasParts = _end > firstPart;
        if (hasParts && _end - start <= MaxWordLength)
            Add(start, _end - start, HashedNgramSettings.CompoundWeight, isIdeographic: false);
    }

    private int EndWord(int start, bool ideographic)
    {
        ReadOnlySpan<char> word = _characters.AsSpan(start, _end - start);
        if (word.Length > 0)
            Add(start, word.Length, StopWords.Contains(word) ? HashedNgramSettings.StopWordWeight : 1, ideographic);
        return _end;
    }

    private void Add(int start, int length, float weight, bool isIdeographic)
    {
        ulong hash = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(_characters.AsSpan(start, length)));
        int known = _hashes.AsSpan(0, Count).IndexOf(hash);
        if (known >= 0)
        {
            _words[known].SquaredWeight += weight * weight;
            return;
        }
        if (Count == MaxWords)
            return;
        _hashes[Count] = hash;
        _words[Count++] = new Word { Start = start, Length = length, SquaredWeight = weight * weight, IsIdeographic = isIdeographic };
    }

    private void Append(ReadOnlySpan<char> units)
    {
        if (_end + units.Length > _characters.Length)
            PooledArray.Grow(ref _characters, _end);
        units.CopyTo(_characters.AsSpan(_end));
        _end += units.Length;
    }
}
