using System.Text.Json;
using Ann.Core;
using Ann.Server.Settings;
using Google.Protobuf.Reflection;

namespace Ann.Server.Web;

/// <summary>
/// Finds members of a body that its message does not have, or that stand in it twice. Transcoding passes the one over and takes the last
/// of the other, so that a filter whose name is mistyped would let everything through, and so would the first of two.
/// </summary>
internal static class JsonMembers
{
    /// <summary>Characters of a name that is shown, and looked for among the known ones.</summary>
    private const int MostShown = 64;

    /// <summary>Looks at every member.</summary>
    /// <param name="json">The body. One of nothing is left to transcoding: some calls need none.</param>
    /// <param name="message">What it is to be.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: the first that is unknown, with the nearest known one; one that is there twice; no JSON.
    /// </exception>
    public static void RequireKnown(ReadOnlySpan<byte> json, MessageDescriptor message)
    {
        if (json.IsEmpty)
            return;
        try
        {
            Utf8JsonReader reader = new(json);
            reader.Read();
            Look(ref reader, message, "");
            reader.Read(); // nothing may come after it
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader says so of a name that is no UTF-8.
            throw new AnnException(AnnError.InvalidArgument, $"The body is no JSON: {e.Message}", e);
        }
    }

    /// <summary>Goes through one value. The reader's own limit of depth is that of the recursion.</summary>
    private static void Look(ref Utf8JsonReader reader, MessageDescriptor? message, string path)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                Look(ref reader, message, path);
        }
        else if (reader.TokenType == JsonTokenType.StartObject && message is not null)
        {
            HashSet<int> seen = [];
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                FieldDescriptor field = FieldOf(message, name) ?? throw Unknown(name, message, path);
                string at = path.Length == 0 ? name : $"{path}.{name}";
                if (!seen.Add(field.FieldNumber))
                    throw AnnException.Invalid(at, $"{message.Name} has '{field.JsonName}' twice.");
                reader.Read();
                bool hasFields = field.FieldType == FieldType.Message && !field.IsMap; // the protocol has no well-known types
                Look(ref reader, hasFields ? field.MessageType : null, at);
            }
        }
        else
        {
            reader.Skip();
        }
    }

    private static FieldDescriptor? FieldOf(MessageDescriptor message, string name)
    {
        foreach (FieldDescriptor field in message.Fields.InDeclarationOrder())
            if (field.JsonName == name || field.Name == name)
                return field;
        return null;
    }

    private static AnnException Unknown(string name, MessageDescriptor message, string path)
    {
        bool isLong = name.Length > MostShown;
        string question = isLong
            ? ""
            : NearestName.Question(name, message.Fields.InDeclarationOrder().Select(static field => field.JsonName));
        string shown = isLong ? name[..MostShown] + "…" : name;
        return AnnException.Invalid(
            path.Length == 0 ? shown : $"{path}.{shown}", $"{message.Name} has no member '{shown}'.{question}");
    }
}
