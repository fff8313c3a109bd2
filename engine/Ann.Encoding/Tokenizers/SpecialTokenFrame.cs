using System.Text.Json;

namespace Ann.Encoding.Tokenizers;

/// <summary>The special tokens that stand around every text: the post-processor of a <c>tokenizer.json</c>.</summary>
/// <param name="Before">Ids in front of the text.</param>
/// <param name="After">Ids behind it.</param>
internal sealed record SpecialTokenFrame(long[] Before, long[] After)
{
    /// <summary>How many there are.</summary>
    public int Count => Before.Length + After.Length;

    /// <summary>Reads it. A null one has no tokens.</summary>
    public static SpecialTokenFrame Read(TokenizerJson root) =>
        root.Object("post_processor") is { } processor ? ReadOne(processor) : new SpecialTokenFrame([], []);

    public override string ToString() => $"ids [{string.Join(',', Before)}] in front and [{string.Join(',', After)}] behind";

    private static SpecialTokenFrame ReadOne(TokenizerJson processor)
    {
        string? type = processor.Text("type");
        switch (type)
        {
            case "TemplateProcessing":
                return ReadTemplate(processor);
            case "BertProcessing" or "RobertaProcessing":
                return new SpecialTokenFrame([Pair("cls")], [Pair("sep")]);
            case "ByteLevel": // moves offsets, which nobody asks for
                return new SpecialTokenFrame([], []);
            case "Sequence":
                SpecialTokenFrame whole = new([], []);
                foreach (TokenizerJson part in processor.Objects("processors"))
                    whole = ReadOne(part) is var one && one.Count == 0 ? whole
                        : new SpecialTokenFrame([.. one.Before, .. whole.Before], [.. whole.After, .. one.After]);
                return whole;
            default:
                throw processor.Wrong(
                    "type", "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or Sequence (no other is implemented)", type);
        }

        long Pair(string name)
        {
            JsonElement[] pair = [.. processor.Elements(name)];
            return pair.Length == 2 && pair[1].ValueKind == JsonValueKind.Number && pair[1].TryGetInt64(out long id)
                ? id
                : throw processor.Wrong(name, "a token and its id", $"{pair.Length} values");
        }
    }

    private static SpecialTokenFrame ReadTemplate(TokenizerJson processor)
    {
        TokenizerJson tokens = processor.Required("special_tokens");
        List<long> before = [], after = [];
        bool isBehind = false;
        foreach (TokenizerJson piece in processor.Objects("single"))
        {
            if (piece.Object("SpecialToken")?.Text("id") is { } name)
                (isBehind ? after : before).AddRange(tokens.Required(name).Elements("ids").Select(id =>
                    id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out int number) && number >= 0
                        ? number
                        : throw piece.Wrong("SpecialToken.ids", "whole numbers", TokenizerJson.Text(id)))
                    .Select(static id => (long)id));
            else if (piece.Object("Sequence")?.Text("id") == "A" && !isBehind)
                isBehind = true;
            else
                throw piece.Wrong("Sequence", "the text 'A' once, among special tokens", "another piece");
        }
        return isBehind
            ? new SpecialTokenFrame([.. before], [.. after])
            : throw processor.Wrong("single", "the text 'A' among special tokens", "none");
    }
}
