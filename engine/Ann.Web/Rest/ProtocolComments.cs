using System.Collections.Frozen;
using System.Reflection;
using System.Xml;
using System.Xml.Linq;
using System.Xml.XPath;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.OpenApi.Models;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Ann.Web.Rest;

/// <summary>
/// The comments of the protocol's files, as the compiler of the generated code wrote them down; and, as a filter, those of messages, fields
/// and values in the document, which the packages leave out.
/// </summary>
internal sealed class ProtocolComments : ISchemaFilter
{
    private const string Resource = "Ann.Protocol.xml";

    private readonly FrozenDictionary<string, string> _summaries;

    public ProtocolComments()
    {
        using XmlReader reader = Open();
        _summaries = XDocument.Load(reader).Descendants("member").Where(static member => member.Element("summary") is not null)
            .ToFrozenDictionary(
                static member => member.Attribute("name")!.Value,
                static member => InOneLine(member.Element("summary")!.Value),
                StringComparer.Ordinal);
    }

    /// <summary>All of them.</summary>
    public static XPathDocument Document()
    {
        using XmlReader reader = Open();
        return new XPathDocument(reader);
    }

    public void Apply(OpenApiSchema schema, SchemaFilterContext context)
    {
        Type type = context.Type;
        if (type.IsEnum)
        {
            schema.Description = string.Join('\n', type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(value =>
                $"{value.GetCustomAttribute<OriginalNameAttribute>()?.Name ?? value.Name}: {Of($"F:{type.FullName}.{value.Name}")}")
                .Prepend(Of($"T:{type.FullName}"))).Trim();
        }
        else if (typeof(IMessage).IsAssignableFrom(type)
            && type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) is MessageDescriptor message)
        {
            schema.Description = Of($"T:{type.FullName}");
            foreach (FieldDescriptor field in message.Fields.InDeclarationOrder())
            {
                if (schema.Properties.TryGetValue(field.JsonName, out OpenApiSchema? property))
                    Describe(property, Of($"P:{type.FullName}.{field.PropertyName}"));
            }
        }
    }

    /// <summary>Beside a reference nothing is read, so it moves into a list of one.</summary>
    private static void Describe(OpenApiSchema property, string comment)
    {
        if (comment.Length == 0)
            return;
        if (property.Reference is { } reference)
        {
            property.Reference = null;
            property.AllOf = [new OpenApiSchema { Reference = reference }];
        }
        property.Description = comment;
    }

    private static XmlReader Open() => XmlReader.Create( // without DTD
        typeof(ProtocolComments).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The library holds no {Resource}."),
        new XmlReaderSettings { CloseInput = true });

    private static string InOneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private string Of(string member) => _summaries.GetValueOrDefault(member, "");
}
