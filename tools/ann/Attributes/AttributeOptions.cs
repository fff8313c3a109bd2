using System.CommandLine;
using System.Text.Json;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;

namespace Ann.Tool.Attributes;

/// <summary>Attributes as command lines name them.</summary>
internal static class AttributeOptions
{
    /// <summary><c>--attributes</c> of a verb that declares them. Read it with <see cref="ParseSchema"/>.</summary>
    /// <param name="what">What is declared, as a sentence.</param>
    public static Option<string?> Schema(string what) => VerbOptions.Optional(
        "--attributes", "NAME:TYPE,…",
        $"{what} Types: {AttributeTraits.AllNames}. Or a .json file {{\"NAME\": \"TYPE\", …}}.");

    /// <summary><c>--attributes-file</c>.</summary>
    public static Option<string?> File() => VerbOptions.Optional(
        "--attributes-file", "FILE",
        "Sidecar with the attributes of each row. Default: INPUT.attributes.jsonl where it exists; of .jsonl the members of its lines.");

    /// <summary>Reads a declaration.</summary>
    /// <param name="files">Where a .json file is.</param>
    /// <param name="text">What <see cref="Schema"/> was given; null where it was left out.</param>
    /// <returns>Null when it was left out.</returns>
    /// <exception cref="AnnException">InvalidArgument: names what is wrong.</exception>
    public static AttributeSchema? ParseSchema(IFileSystem files, string? text)
    {
        if (text is null)
            return null;
        AttributeSchema schema = text.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? ReadFile(files, text) : ParseList(text);
        return schema.Count > 0 ? schema : throw AnnException.Invalid("--attributes", "--attributes names no attribute.");
    }

    /// <summary>Takes a list of names, each with its type or without, from attributes that are known.</summary>
    /// <param name="known">The attributes of an index.</param>
    /// <param name="index">Its name, for messages.</param>
    /// <param name="text">Names, separated by commas; null for all of them.</param>
    /// <exception cref="AnnException">InvalidArgument: one that the index does not have, or has with another type.</exception>
    public static AttributeSchema Choose(AttributeSchema known, string index, string? text)
    {
        if (text is null)
            return known;
        List<AttributeField> chosen = [];
        foreach (string part in Split(text))
        {
            string name = part.Split(':')[0].Trim();
            int column = known.Find(name);
            if (column < 0)
            {
                string have = known.Count == 0 ? "it has none" : "it has " + string.Join(", ", known.Fields.Select(static one => one.Name));
                throw AnnException.Invalid("--attributes", $"--attributes names '{name}'; index '{index}' does not declare it: {have}.");
            }
            AttributeField field = known.Fields[column];
            if (part.Contains(':', StringComparison.Ordinal) && ParseField(part) is { } asked && asked.Type != field.Type)
            {
                throw AnnException.Invalid(
                    "--attributes",
                    $"--attributes says that '{name}' is {asked.Traits.Name}; index '{index}' has it as {field.Traits.Name}.");
            }
            chosen.Add(field);
        }
        return new AttributeSchema(chosen);
    }

    /// <summary>Parts of a list.</summary>
    public static string[] Split(string text) =>
        text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Attributes as <see cref="ParseSchema"/> reads them.</summary>
    public static string ToText(AttributeSchema schema) =>
        string.Join(',', schema.Fields.Select(static field => $"{field.Name}:{field.Traits.Name}"));

    private static AttributeSchema ParseList(string text) => new(Split(text).Select(ParseField));

    private static AttributeField ParseField(string part)
    {
        int colon = part.LastIndexOf(':');
        string name = colon < 0 ? part : part[..colon].Trim();
        string type = colon < 0 ? "" : part[(colon + 1)..].Trim();
        return AttributeTraits.TryParse(type, out AttributeType parsed)
            ? new AttributeField(name, parsed)
            : throw AnnException.Invalid(
                "--attributes",
                type.Length == 0
                    ? $"--attributes has '{part}' without a type; expected {part}:TYPE, one of {AttributeTraits.AllNames}."
                    : $"--attributes gives '{name}' the type '{type}'; expected one of {AttributeTraits.AllNames}.");
    }

    private static AttributeSchema ReadFile(IFileSystem files, string path)
    {
        using Stream stream = files.OpenRead(path);
        try
        {
            using JsonDocument document = JsonDocument.Parse(stream);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw AnnException.BadInput(path, "", "expected an object of names and types, such as {\"price\": \"double\"}.");
            return new AttributeSchema(document.RootElement.EnumerateObject().Select(
                static property => ParseField($"{property.Name}:{property.Value}")));
        }
        catch (JsonException e)
        {
            throw AnnException.BadInput(path, $"line {e.LineNumber + 1}", "not JSON: " + e.Message, e);
        }
        catch (AnnException e) when (e.Field is not null)
        {
            throw AnnException.BadInput(path, "", e.Message.Replace("--attributes gives", "it gives", StringComparison.Ordinal), e);
        }
    }
}
