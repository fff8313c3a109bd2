using System.Text;
using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;

namespace Ann.Tests.House;

/// <summary>The comments of a .proto file, as Markdown.</summary>
internal sealed partial class ProtoComments
{
    private readonly Dictionary<string, string> _comments;

    /// <param name="file">A file, described with its source.</param>
    public ProtoComments(FileDescriptorProto file) => _comments = file.SourceCodeInfo.Location
        .Where(static place => place.LeadingComments != "")
        .ToDictionary(static place => string.Join('.', place.Path), static place => place.LeadingComments, StringComparer.Ordinal);

    /// <summary>A comment as blocks: paragraphs, and a list of what stands in the form <c>  CODE  text</c>.</summary>
    /// <param name="path">Where the declaration stands in the file's description: numbers of fields and ordinals, alternating.</param>
    public string Blocks(params int[] path)
    {
        StringBuilder text = new();
        bool inList = false;
        foreach (string line in Lines(path))
        {
            Match item = ListItem().Match(line);
            if (line == "")
            {
                text.Append("\n\n");
                inList = false;
            }
            else if (item.Success)
            {
                text.Append(inList ? "\n" : "\n\n").Append("- `").Append(item.Groups[1].Value).Append("`: ");
                text.Append(Escaped(item.Groups[2].Value));
                inList = true;
            }
            else
            {
                bool begins = text.Length == 0 || text[^1] == '\n';
                text.Append(begins ? "" : " ").Append(Escaped(line.Trim()));
            }
        }
        return text.ToString().Trim();
    }

    /// <summary>A comment on one line, for a cell of a table; empty where there is none.</summary>
    /// <param name="path">As for <see cref="Blocks"/>.</param>
    public string Cell(params int[] path) =>
        Escaped(string.Join(' ', Lines(path).Select(static line => line.Trim()))).Replace("|", "\\|", StringComparison.Ordinal);

    private string[] Lines(int[] path) =>
    [
        .. _comments.GetValueOrDefault(string.Join('.', path), "").TrimEnd('\n').Split('\n')
            .Select(static line => (line.StartsWith(' ') ? line[1..] : line).TrimEnd()),
    ];

    /// <summary>Comments are plain text: what Markdown would take for its own is shown as it stands.</summary>
    private static string Escaped(string text) => Special().Replace(text, "\\$0");

    [GeneratedRegex("^ {2}([A-Z_]{2,}) +(.+)$")]
    private static partial Regex ListItem();

    [GeneratedRegex(@"[*<>\[\]`\\]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")]
    private static partial Regex Special();
}
