using System.Globalization;
using System.Text.Json;
using Ann.Core;
using Ann.Encoding.Descriptions;

namespace Ann.Encoding.Text;

/// <summary>What a text encoder does around its model, with every question answered.</summary>
/// <param name="MaxTokens">Longest row.</param>
/// <param name="Pooling">How token vectors become one.</param>
/// <param name="Normalize">Scale rows to length 1.</param>
internal sealed record TextSettings(int MaxTokens, Pooling Pooling, bool Normalize)
{
    private const int DefaultMaxTokens = 256, MostTokens = 8192, FewestTokens = 3;

    /// <summary>Components that are kept; null for all.</summary>
    public int? TruncateDimension { get; init; }

    /// <summary>In front of texts that ask.</summary>
    public string QueryPrefix { get; init; } = "";

    /// <summary>In front of texts that are found.</summary>
    public string DocumentPrefix { get; init; } = "";

    /// <summary>Answers from the description, where it has them, else from the files beside the model, its tokenizer and itself.</summary>
    /// <exception cref="AnnException">Two of them contradict each other.</exception>
    public static TextSettings Resolve(EncoderDirectory source, TextPorts ports, int? tokenizerMaxTokens)
    {
        EncoderDescription description = source.Description;
        SentenceTransformersFiles beside = source.Beside;
        bool perToken = ports.Output.Rank == 3;
        if (perToken && beside.Unknown is { } unknown)
            throw AnnException.BadInput(
                Path.Combine(source.Root, unknown.Place), "",
                $"expected Transformer, Pooling (cls, mean, max, lasttoken), Normalize; found {unknown.Value}, which is not done here. " +
                "Export the model with its modules, so that its output has a row per text.");
        // What pools by itself is exported with its modules: their pooling is done.
        Pooling pooling = (perToken ? source.Agreed("pooling", description.Pooling, beside.Pooling) : description.Pooling)
            ?? (perToken ? Pooling.Mean : Pooling.None);
        if (perToken != pooling is not Pooling.None)
            throw source.Wrong(
                "pooling", perToken
                    ? $"expected mean, cls, max or last, for the output {ports.Output} has a row per token; found none."
                    : $"expected none, for the output {ports.Output} has a row per text; found {pooling.ToString().ToLowerInvariant()}.");

        bool normalize = source.Agreed("normalize", description.Normalize, beside.Normalize)
            ?? (perToken || description.TruncateDimension is not null);
        return new TextSettings(LongestText(source, ports.FixedTokens, tokenizerMaxTokens), pooling, normalize)
        {
            TruncateDimension = description.TruncateDimension,
            QueryPrefix = source.Agreed("query_prefix", description.QueryPrefix, beside.QueryPrefix) ?? "",
            DocumentPrefix = source.Agreed("document_prefix", description.DocumentPrefix, beside.DocumentPrefix) ?? "",
        };
    }

    /// <summary>What is written in front of a text.</summary>
    public string Prefix(TextRole role) => role switch
    {
        TextRole.Document => DocumentPrefix,
        TextRole.Query => QueryPrefix,
    };

    /// <summary>Components of a row, of so many that the model gives.</summary>
    /// <exception cref="AnnException">The description expects others.</exception>
    public int Dimension(EncoderDirectory source, int given)
    {
        if (source.Description.Dimension is { } expected && expected != given)
            throw source.Wrong("dimension", $"expected {given}, which the model gives; found {expected}.");
        if (Pooling != Pooling.None && source.Beside.Dimension is { } said && said.Value != given)
            throw AnnException.BadInput(source.Root, said.Place, $"expected {given}, which the model gives; found {said.Value}.");
        if (TruncateDimension > given)
            throw source.Wrong("truncate_dimension", $"expected at most {given}, which the model gives; found {TruncateDimension}.");
        return TruncateDimension ?? given;
    }

    /// <summary>The fields of <c>encoder.json</c> that say the same.</summary>
    public EncoderDescription Describe() => new()
    {
        MaxTokens = MaxTokens,
        Pooling = Pooling,
        Normalize = Normalize,
        TruncateDimension = TruncateDimension,
        QueryPrefix = QueryPrefix.Length > 0 ? QueryPrefix : null,
        DocumentPrefix = DocumentPrefix.Length > 0 ? DocumentPrefix : null,
    };

    /// <summary>One spelling for one meaning; part of the fingerprint. What most encoders have not is not mentioned.</summary>
    public override string ToString()
    {
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"max_tokens={MaxTokens} pooling={Pooling.ToString().ToLowerInvariant()} normalize={(Normalize ? 1 : 0)}");
        if (TruncateDimension is { } dimension)
            text += string.Create(CultureInfo.InvariantCulture, $" truncate_dimension={dimension}");
        if (QueryPrefix.Length > 0 || DocumentPrefix.Length > 0)
            text += $" query_prefix={Quoted(QueryPrefix)} document_prefix={Quoted(DocumentPrefix)}";
        return text;
    }

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    private static int LongestText(EncoderDirectory source, int fixedTokens, int? tokenizerMaxTokens)
    {
        int most = fixedTokens > 0 ? fixedTokens : int.MaxValue;
        Said<int>? said = source.Beside.MaxTokens;
        if (source.Description.MaxTokens is { } described)
        {
            if (described > most)
                throw source.Wrong("max_tokens", $"expected at most {fixedTokens}, the model's fixed length; found {described}.");
            if (described > said?.Value)
                throw source.Wrong("max_tokens", $"expected at most {said.Value}, which {said.Place} says; found {described}.");
            return described;
        }
        int? found = said?.Value ?? tokenizerMaxTokens;
        if (found is < FewestTokens)
            found = null;
        return Math.Min(Math.Min(found ?? (fixedTokens > 0 ? fixedTokens : DefaultMaxTokens), most), MostTokens);
    }
}
