using System.CommandLine;
using Ann.Protocol.V1;
using Ann.Tool.Queries;
using Ann.Tool.Remote;
using Google.Protobuf;

namespace Ann.Tool.Verbs;

/// <summary><c>ann explain</c>: why an item is in the answer of a search, or why not.</summary>
internal static class ExplainVerb
{
    private static readonly JsonFormatter Json =
        new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true).WithFormatDefaultValues(true).WithIndentation());

    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.Required("--index", "NAME", "Name of the index: its file's name without .ann.");
        Option<string[]> text = new("--text", "--query")
        {
            Description = "The query as a text. May be repeated with --union.",
            HelpName = "TEXT",
        };
        Option<string?> vectorFile = new("--vector-file", "--vector")
        {
            Description = "The query as a file of one vector, or of several with --union.",
            HelpName = "FILE",
        };
        Option<string> key = VerbOptions.Required("--key", "KEY", "Key of the item.");
        SearchVerbOptions options = new();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("explain",
            "Tell why an item is in the answer of a search, or why not. Takes what ann query takes. Runs exact searches: not for traffic.",
            "ann explain --index items --text \"trail shoes\" --key m-17 --filter \"price < 50\" --cap brand=2")
        {
            connection, index, text, vectorFile, key,
        };
        options.AddTo(command);
        command.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] texts = parsed.GetValue(text) ?? [];
            QueryRows.Require(texts, parsed.GetValue(vectorFile));
            using ServerConnection server = connection.Open(tool, parsed);
            string name = parsed.GetRequiredValue(index);
            IndexDescription description = await server.DescribeAsync(name, cancellation);
            ExplainRequest request = new() { Search = options.Request(tool, parsed, name, description), Key = new KeyColumn() };
            KeyLists.Add("--key", parsed.GetRequiredValue(key), description, request.Key);
            QueryRows.Fill(tool, request.Search, texts, parsed.GetValue(vectorFile));
            ExplainResponse response = await server.ExplainAsync(request, cancellation, options.Deadline(tool, parsed));
            if (parsed.GetValue(json))
                tool.Out.WriteLine(Json.Format(response));
            else
                VerdictText.Print(tool.Out, request, response);
            return ExitCodes.Done;
        });
        return command;
    }
}
