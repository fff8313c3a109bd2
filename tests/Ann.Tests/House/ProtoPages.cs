using System.Globalization;
using System.Text;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using FieldType = Google.Protobuf.Reflection.FieldDescriptorProto.Types.Type;

namespace Ann.Tests.House;

/// <summary>
/// Makes the reference pages of the protocol: one a .proto file, with its services, their methods and errors, messages and enums, and
/// every comment that stands in the file.
/// </summary>
internal sealed class ProtoPages
{
    /// <summary>Numbers of fields of the descriptions, of which the paths of comments are made.</summary>
    private const int
        Messages = FileDescriptorProto.MessageTypeFieldNumber,
        Enums = FileDescriptorProto.EnumTypeFieldNumber,
        Services = FileDescriptorProto.ServiceFieldNumber,
        Fields = DescriptorProto.FieldFieldNumber,
        Values = EnumDescriptorProto.ValueFieldNumber,
        Methods = ServiceDescriptorProto.MethodFieldNumber;

    private readonly FileDescriptorProto[] _files;
    private readonly Dictionary<string, string> _places = new(StringComparer.Ordinal);

    /// <param name="protoset">What protoc wrote: a FileDescriptorSet with the sources' comments.</param>
    public ProtoPages(byte[] protoset)
    {
        ExtensionRegistry options = [AnnotationsExtensions.Http];
        FileDescriptorSet set = FileDescriptorSet.Parser.WithExtensionRegistry(options).ParseFrom(protoset);
        _files = [.. set.File.Where(static file => file.Package == "ann.v1").OrderBy(static file => file.Name, StringComparer.Ordinal)];
        foreach (FileDescriptorProto file in _files)
        {
            foreach (string name in file.MessageType.Select(static one => one.Name).Concat(file.EnumType.Select(static one => one.Name)))
                _places.Add($".{file.Package}.{name}", $"[{name}]({PageOf(file)}#{Anchor(name)})");
        }
    }

    /// <summary>The pages, by file name.</summary>
    public IEnumerable<(string Name, string Text)> All => _files.Select(file => (PageOf(file), Page(file)));

    private string Page(FileDescriptorProto file)
    {
        ProtoComments comments = new(file);
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"# {Path.GetFileName(file.Name)}\n\n");
        page.Append(CultureInfo.InvariantCulture, $"Made of [`proto/{file.Name}`](../../../proto/{file.Name}), package `{file.Package}`, ");
        page.Append("by a test ([how](README.md)): change that file, not this one.\n");
        for (int i = 0; i < file.Service.Count; i++)
            Service(page, file.Service[i], i, comments);
        if (file.MessageType.Count > 0)
            page.Append("\n## Messages\n");
        for (int i = 0; i < file.MessageType.Count; i++)
            Message(page, file.MessageType[i], i, comments);
        if (file.EnumType.Count > 0)
            page.Append("\n## Enums\n");
        for (int i = 0; i < file.EnumType.Count; i++)
            Enum(page, file.EnumType[i], i, comments);
        return page.ToString();
    }

    private void Service(StringBuilder page, ServiceDescriptorProto service, int at, ProtoComments comments)
    {
        page.Append(CultureInfo.InvariantCulture, $"\n## Service {service.Name}\n\n{comments.Blocks(Services, at)}\n");
        for (int i = 0; i < service.Method.Count; i++)
        {
            MethodDescriptorProto method = service.Method[i];
            page.Append(CultureInfo.InvariantCulture, $"\n### {service.Name}/{method.Name}\n\n");
            page.Append(CultureInfo.InvariantCulture, $"{Streamed(method.ClientStreaming)}{_places[method.InputType]} → ");
            page.Append(CultureInfo.InvariantCulture, $"{Streamed(method.ServerStreaming)}{_places[method.OutputType]}");
            if (method.Options?.GetExtension(AnnotationsExtensions.Http) is HttpRule rule)
                page.Append(CultureInfo.InvariantCulture, $"; over [REST](../rest.md) {string.Join(" or ", Routes(rule))}");
            page.Append(CultureInfo.InvariantCulture, $"\n\n{comments.Blocks(Services, at, Methods, i)}\n");
        }
    }

    private void Message(StringBuilder page, DescriptorProto message, int at, ProtoComments comments)
    {
        Assert.True(message.NestedType.Count + message.EnumType.Count == 0, $"{message.Name}: messages in messages have no page yet");
        Head(page, message.Name, comments.Blocks(Messages, at));
        if (message.Field.Count == 0)
        {
            page.Append("\nNo fields.\n");
            return;
        }
        page.Append("\n| field | number | type | meaning |\n|---|---|---|---|\n");
        for (int i = 0; i < message.Field.Count; i++)
        {
            FieldDescriptorProto field = message.Field[i];
            string choice = field.HasOneofIndex && !field.Proto3Optional ? $", one of `{message.OneofDecl[field.OneofIndex].Name}`" : "";
            page.Append(CultureInfo.InvariantCulture, $"| `{field.Name}` | {field.Number} | {Label(field)}{TypeOf(field)}{choice} | ");
            page.Append(CultureInfo.InvariantCulture, $"{comments.Cell(Messages, at, Fields, i)} |\n");
        }
    }

    private static void Enum(StringBuilder page, EnumDescriptorProto one, int at, ProtoComments comments)
    {
        Head(page, one.Name, comments.Blocks(Enums, at));
        page.Append("\n| value | number | meaning |\n|---|---|---|\n");
        for (int i = 0; i < one.Value.Count; i++)
        {
            page.Append(CultureInfo.InvariantCulture, $"| `{one.Value[i].Name}` | {one.Value[i].Number} | ");
            page.Append(CultureInfo.InvariantCulture, $"{comments.Cell(Enums, at, Values, i)} |\n");
        }
    }

    private static void Head(StringBuilder page, string name, string comment)
    {
        page.Append(CultureInfo.InvariantCulture, $"\n### {name}\n");
        if (comment != "")
            page.Append(CultureInfo.InvariantCulture, $"\n{comment}\n");
    }

    private string TypeOf(FieldDescriptorProto field) => field.Type is FieldType.Message or FieldType.Enum
        ? _places[field.TypeName]
        : $"`{field.Type.ToString().ToLowerInvariant()}`";

    private static string Label(FieldDescriptorProto field) =>
        field.Label == FieldDescriptorProto.Types.Label.Repeated ? "repeated " : field.Proto3Optional ? "optional " : "";

    private static string Streamed(bool isStream) => isStream ? "stream of " : "";

    private static IEnumerable<string> Routes(HttpRule rule) => rule.AdditionalBindings.Prepend(rule).Select(static one =>
        one.PatternCase switch
        {
            HttpRule.PatternOneofCase.Get => $"`GET {one.Get}`",
            HttpRule.PatternOneofCase.Put => $"`PUT {one.Put}`",
            HttpRule.PatternOneofCase.Post => $"`POST {one.Post}`",
            HttpRule.PatternOneofCase.Delete => $"`DELETE {one.Delete}`",
            HttpRule.PatternOneofCase.Patch => $"`PATCH {one.Patch}`",
            _ => throw new NotSupportedException($"A route of the kind {one.PatternCase} has no words yet."),
        });

    private static string PageOf(FileDescriptorProto file) => Path.GetFileNameWithoutExtension(file.Name) + ".md";

    private static string Anchor(string heading) => heading.ToLowerInvariant();
}
