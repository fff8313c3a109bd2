using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ann.Protocol.V1;
using Ann.Tool.Attributes;
using Ann.Tool.Queries;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann scroll</c>: lists items in the order of their keys.</summary>
internal static class ScrollVerb
{
    /// <summary>Items a call: each call looks at every item, and an answer with vectors must not be too large.</summary>
    private const int MostAPage = 1000;

    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.Required("--index", "NAME", "Name of the index: its file's name without .ann.");
        Option<string?> filter = VerbOptions.Optional(
            "--filter", "FILTER", "Only items that it takes, such as: brand in (acme) and price < 50. Or the JSON of ann.v1.Filter.");
        Option<string?> after = VerbOptions.Optional("--after", "KEY", "Only items with keys above this one: where to go on.");
        Option<int> limit = VerbOptions.Number("--limit", "Items at most; 0 for all.", 100, 0, int.MaxValue);
        Option<string?> attributes = VerbOptions.Optional("--attributes", "NAME,…", "Attributes wanted back.");
        Option<bool> withVectors = new("--with-vectors") { Description = "Also give the vectors." };
        Option<bool> json = VerbOptions.Json();

        Verb command = new("scroll",
            "List the items of a running server in the order of their keys.",
            "ann scroll --index items --limit 20 --attributes brand,price",
            "ann scroll --index items --filter \"price < 50\" --limit 0 --json")
        {
            connection, index, filter, after, limit, attributes, withVectors, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServerConnection server = connection.Open(tool, parsed);
            string name = parsed.GetRequiredValue(index);
            IndexDescription description = await server.DescribeAsync(name, cancellation);
            ScrollRequest request = new() { Index = name };
            if (parsed.GetValue(filter) is string text)
                request.Filter = SearchVerbOptions.ParseFilter("--filter", text, description);
            if (parsed.GetValue(attributes) is string names)
                request.Attributes.AddRange(AttributeOptions.Split(names));
            if (parsed.GetValue(withVectors))
                request.WithVectors = true;
            if (parsed.GetValue(after) is string key)
                KeyLists.Add("--after", key, description, request.After = new KeyColumn());

            bool asJson = parsed.GetValue(json);
            List<ScrolledItem> kept = [];
            long left = parsed.GetValue(limit) is int most and > 0 ? most : long.MaxValue;
            long found = 0;
            string? next = null;
            ScrollResponse page;
            do
            {
                request.Limit = (uint)Math.Min(MostAPage, left);
                page = await server.ReadAsync(
                    retrieval => retrieval.ScrollAsync(request, cancellationToken: cancellation), cancellation);
                ScrolledItem[] items = Items(page, description, request);
                if (asJson)
                    kept.AddRange(items);
                else
                    Print(tool.Out, items);
                found += items.Length;
                left -= items.Length;
                next = items.Length == request.Limit ? items[^1].Key : null;
                if (next is not null)
                    KeyLists.Add("--after", next, description, request.After = new KeyColumn());
            }
            while (left > 0 && next is not null);

            if (asJson)
                ToolJson.Write(tool, new ScrollReport(name, page.Generation, kept, next), ToolJson.Default.ScrollReport);
            else
                tool.Out.WriteLine(
                    $"{name}, generation {page.Generation}: {found:N0} items"
                    + (next is null ? "; there are no more" : $"; there may be more: --after {PrintedText.Of(next)}"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static ScrolledItem[] Items(ScrollResponse page, IndexDescription index, ScrollRequest request)
    {
        int count = page.Keys.Texts.Count + page.Keys.Numbers.Count;
        JsonObject[]? attributes = request.Attributes.Count == 0
            ? null
            : RemoteAttributes.Objects(page.Attributes, RemoteAttributes.Schema(index), count);
        ScrolledItem[] items = new ScrolledItem[count];
        for (int i = 0; i < count; i++)
        {
            float[]? vector = page.Vectors is null
                ? null
                : MemoryMarshal.Cast<byte, float>(ServerConnection.RowOf(page.Vectors, i).Data.Span).ToArray();
            items[i] = new ScrolledItem(ServerConnection.KeyAt(page.Keys, i), attributes?[i], vector);
        }
        return items;
    }

    private static void Print(TextWriter text, ScrolledItem[] items)
    {
        foreach (ScrolledItem item in items)
        {
            string vector = item.Vector is null ? "" : $"  [{string.Join(", ", item.Vector.Select(Text))}]";
            text.WriteLine($"  {PrintedText.Of(item.Key)}{PrintedText.Of(item.Attributes)}{vector}");
        }
    }

    private static string Text(float component) => component.ToString(CultureInfo.InvariantCulture);
}
