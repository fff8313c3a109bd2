using System.Text;

namespace Ann.Encoding.Tokenizers;

/// <summary>Cuts a piece of text into smaller ones; the first of a text may be cut in another way.</summary>
internal delegate IEnumerable<string> PreTokenizer(string text, bool isFirst);

/// <summary>The pre-tokeniser of a <c>tokenizer.json</c> for BPE and Unigram.</summary>
internal static class PreTokenizers
{
    /// <summary>Reads it; a null one leaves a text whole.</summary>
    /// <exception cref="Core.AnnException">A step is not implemented; named.</exception>
    public static IReadOnlyList<PreTokenizer> Read(TokenizerJson root)
    {
        List<PreTokenizer> steps = [];
        if (root.Object("pre_tokenizer") is { } whole)
            Add(whole, steps);
        return steps;
    }

    private static void Add(TokenizerJson step, List<PreTokenizer> steps)
    {
        string? type = step.Text("type");
        switch (type)
        {
            case "Sequence":
                foreach (TokenizerJson part in step.Objects("pretokenizers"))
                    Add(part, steps);
                break;
            case "ByteLevel":
                bool prefix = step.Flag("add_prefix_space") ?? true;
                PatternSplitter? words = step.Flag("use_regex") ?? true ? PatternSplitter.Gpt2 : null;
                steps.Add((text, _) => ByteLevelText.Split(text, prefix, words));
                break;
            case "WhitespaceSplit":
                steps.Add(static (text, _) => SplitAtBlanks(text));
                break;
            case "Whitespace":
                steps.Add(static (text, _) => CharacterSplitter.Words(text));
                break;
            case "Punctuation":
                SplitBehavior behavior = step.Text("behavior") switch
                {
                    null or "Isolated" => SplitBehavior.Isolated,
                    "Removed" => SplitBehavior.Removed,
                    "Contiguous" => SplitBehavior.Contiguous,
                    "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
                    "MergedWithNext" => SplitBehavior.MergedWithNext,
                    string other => throw step.Wrong(
                        "behavior", "Isolated, Removed, Contiguous, MergedWithPrevious or MergedWithNext", other),
                };
                steps.Add((text, _) => CharacterSplitter.Split(text, CharacterKinds.IsPunctuation, behavior));
                break;
            case "Digits":
                SplitBehavior digits = step.Flag("individual_digits") ?? false ? SplitBehavior.Isolated : SplitBehavior.Contiguous;
                steps.Add((text, _) => CharacterSplitter.Split(text, Rune.IsNumber, digits));
                break;
            case "BertPreTokenizer":
                steps.Add(static (text, _) => CharacterSplitter.Split(text, Rune.IsWhiteSpace, SplitBehavior.Removed));
                steps.Add(static (text, _) => CharacterSplitter.Split(text, CharacterKinds.IsPunctuation, SplitBehavior.Isolated));
                break;
            case "Metaspace":
                steps.Add(Metaspace(step, steps.Count > 0));
                break;
            case "Split":
                steps.Add(Split(step));
                break;
            default:
                throw step.Wrong(
                    "type",
                    "Sequence, ByteLevel, Split, WhitespaceSplit, Whitespace, Punctuation, Digits, BertPreTokenizer or Metaspace "
                    + "(no other is implemented for this model)",
                    type);
        }
    }

    private static IEnumerable<string> SplitAtBlanks(string text)
    {
        for (int start = 0; start < text.Length;)
        {
            int end = start;
            while (end < text.Length && !char.IsWhiteSpace(text[end]))
                end++;
            if (end > start)
                yield return text[start..end];
            start = end + 1;
        }
    }

    private static PreTokenizer Metaspace(TokenizerJson step, bool isBehindAnother)
    {
        string mark = step.Text("replacement") is { Length: 1 } one ? one : throw step.Wrong(
            "replacement", "a character of the Basic Multilingual Plane", step.Text("replacement"));
        bool? addsSpace = step.Flag("add_prefix_space");
        string scheme = step.Text("prepend_scheme") ?? (addsSpace ?? true ? "always" : "never");
        if (scheme is not ("always" or "never" or "first") || (addsSpace == false && scheme != "never"))
            throw step.Wrong("prepend_scheme", "always, first or never, as add_prefix_space says", scheme);
        if (scheme == "first" && isBehindAnother)
            throw step.Wrong("prepend_scheme", "always or never, for first is not implemented behind another pre-tokeniser", scheme);
        bool splits = step.Flag("split") ?? true;
        return (text, isFirst) =>
        {
            string marked = text.Replace(' ', mark[0]);
            if (marked[0] != mark[0] && (scheme == "always" || (scheme == "first" && isFirst)))
                marked = mark + marked;
            return splits ? SplitBefore(marked, mark[0]) : [marked];
        };
    }

    private static IEnumerable<string> SplitBefore(string text, char mark)
    {
        for (int start = 0; start < text.Length;)
        {
            int end = text.IndexOf(mark, start + 1);
            if (end < 0)
                end = text.Length;
            yield return text[start..end];
            start = end;
        }
    }

    private static PreTokenizer Split(TokenizerJson step)
    {
        TokenizerJson pattern = step.Required("pattern");
        string? behavior = step.Text("behavior"), regex = pattern.Text("Regex");
        if (step.Flag("invert") ?? false)
            throw step.Wrong("invert", "false", "true");
        if (regex is null && pattern.Text("String") is { Length: 1 } mark)
        {
            return behavior == "MergedWithPrevious"
                ? (text, _) => SplitBehind(text, mark[0])
                : throw step.Wrong("behavior", "MergedWithPrevious for a string (no other is implemented)", behavior);
        }
        if (behavior != "Isolated")
            throw step.Wrong("behavior", "Isolated for a pattern (no other is implemented)", behavior);
        PatternSplitter splitter = PatternSplitter.Known(regex)
            ?? throw pattern.Wrong("Regex", "that of GPT-2, Llama 3 or Qwen 2 (no other is implemented)", regex);
        return (text, _) => splitter.Split(text);
    }

    private static IEnumerable<string> SplitBehind(string text, char mark)
    {
        for (int start = 0; start < text.Length;)
        {
            int end = text.IndexOf(mark, start) + 1;
            if (end == 0)
                end = text.Length;
            yield return text[start..end];
            start = end;
        }
    }
}
