using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Ann.Tool.Reports;

namespace Ann.Tests.House;

/// <summary>
/// Makes the reference page of what <c>--json</c> writes: a table a report, of the serializer's own contract and the comments of the
/// records.
/// </summary>
internal sealed partial class JsonPage
{
    private const string Head = """
        # JSON of the command line

        What verbs write with `--json`: one document on standard output. Names are a contract: fields are added, and none is renamed or
        taken away within a major version. A field that has no value is left out. Made of the records of `tools/ann/Reports` by a test
        ([how](README.md)): change those, not this page. What is common to all verbs is on [the tools' page](../tools.md).

        """;

    private readonly XElement[] _members;
    private readonly SortedDictionary<string, string> _sections = new(StringComparer.Ordinal);

    /// <param name="comments">The documentation file of the tool's assembly.</param>
    public JsonPage(string comments)
    {
        _members = [.. XDocument.Load(comments).Descendants("member")];
        foreach (PropertyInfo property in typeof(ToolJson).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetValue(ToolJson.Default) is JsonTypeInfo { Kind: JsonTypeInfoKind.Object } type
                && type.Type.Namespace == typeof(ToolJson).Namespace)
                Add(type);
        }
    }

    /// <summary>The page.</summary>
    public string Text => Head.ReplaceLineEndings("\n") + string.Concat(_sections.Values);

    /// <summary>Fields without a comment.</summary>
    public List<string> Silent { get; } = [];

    private void Add(JsonTypeInfo type)
    {
        string name = type.Type.Name;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"\n## {name}\n\n{SummaryOf("T:" + type.Type.FullName)}\n\n");
        text.Append("| field | type | meaning |\n|---|---|---|\n");
        foreach (JsonPropertyInfo field in type.Properties)
        {
            string member = ((MemberInfo)field.AttributeProvider!).Name;
            string meaning = SummaryOf($"P:{type.Type.FullName}.{member}");
            if (meaning.Length == 0)
                meaning = ParameterOf(type.Type, member);
            if (meaning.Length == 0)
                Silent.Add($"{name}.{member}");
            text.Append(CultureInfo.InvariantCulture, $"| `{field.Name}` | {TypeOf(field.PropertyType)} | {meaning} |\n");
        }
        _sections[name] = text.ToString();
    }

    private static string TypeOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string) || type.IsEnum || type == typeof(DateTimeOffset) || type == typeof(TimeSpan))
            return "text";
        if (type == typeof(bool))
            return "true or false";
        if (type == typeof(double) || type == typeof(float))
            return "number";
        if (type.IsPrimitive)
            return "integer";
        Type[] arguments = type.GetGenericArguments();
        if (type.IsArray || arguments.Length == 1)
            return "list of " + TypeOf(type.GetElementType() ?? arguments[0]);
        if (arguments.Length == 2)
            return "object of " + TypeOf(arguments[1]);
        return type.Namespace == typeof(ToolJson).Namespace
            ? $"[{type.Name}](#{type.Name.ToLowerInvariant()})"
            : type == typeof(JsonElement) ? "any" : "object";
    }

    private string SummaryOf(string member) =>
        Plain(_members.FirstOrDefault(one => one.Attribute("name")!.Value == member)?.Element("summary"));

    /// <summary>Of a record that is told by the parameters of its constructor.</summary>
    private string ParameterOf(Type type, string member) => Plain(
        _members.Where(one => one.Attribute("name")!.Value == "T:" + type.FullName
                || one.Attribute("name")!.Value.StartsWith($"M:{type.FullName}.#ctor", StringComparison.Ordinal))
            .SelectMany(static one => one.Elements("param"))
            .FirstOrDefault(one => one.Attribute("name")!.Value == member));

    private static string Plain(XElement? comment)
    {
        if (comment is null)
            return "";
        StringBuilder text = new();
        foreach (XNode node in comment.Nodes())
        {
            text.Append(node switch
            {
                XText words => words.Value,
                XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
                XElement see when see.Attribute("cref") is { } named => $"`{Snake(named.Value.Split('.')[^1])}`",
                XElement other => other.Value,
                _ => "",
            });
        }
        return Spaces().Replace(text.ToString().Trim(), " ").Replace("|", "\\|", StringComparison.Ordinal);
    }

    private static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name.Split('(')[0]);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
