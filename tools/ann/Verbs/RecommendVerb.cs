using System.CommandLine;
using System.Diagnostics;
using Ann.Protocol.V1;
using Ann.Tool.Queries;
using Ann.Tool.Remote;

namespace Ann.Tool.Verbs;

/// <summary><c>ann recommend</c>: items like some examples and unlike others.</summary>
internal static class RecommendVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.Required("--index", "NAME", "Name of the index: its file's name without .ann.");
        ExampleOptions like = new("like", "to be like");
        ExampleOptions unlike = new("unlike", "to be unlike");
        Option<string> strategy = VerbOptions.Choice(
            "--strategy",
            "average: one search by the mean of the examples. best-score: a search by each, an item scores by the nearest example.",
            "average", "average", "best-score");
        Option<bool> withExamples = new("--with-examples") { Description = "Let the example items themselves be returned." };
        SearchVerbOptions options = new(SearchKind.Recommend);
        Option<string?> show = QueryVerb.Show();
        Option<bool> json = VerbOptions.Json();

        Verb command = new("recommend",
            "Ask a running server for items like some and unlike others. Examples that are no items are told.",
            "ann recommend --index items --like m-17,m-18 --unlike m-20 --filter \"price < 50\"",
            "ann recommend --index items --like-text \"trail shoes\" --like m-17 --strategy best-score --cap brand=2 --show items.jsonl")
        {
            connection, index,
        };
        like.AddTo(command);
        unlike.AddTo(command);
        command.Add(strategy);
        command.Add(withExamples);
        command.Add(show);
        options.AddTo(command);
        command.Add(json);
        command.Validators.Add(result =>
        {
            if (!like.IsGiven(result))
                result.AddError("Nothing to be like: give --like, --like-text or --like-vector-file.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            using ServerConnection server = connection.Open(tool, parsed);
            string name = parsed.GetRequiredValue(index);
            IndexDescription description = await server.DescribeAsync(name, cancellation);
            RecommendRequest request = new() { Search = options.Request(tool, parsed, name, description) };
            request.PositiveKeys = like.Keys(tool, parsed, description);
            request.NegativeKeys = unlike.Keys(tool, parsed, description);
            request.PositiveTexts.Add(like.Texts(parsed));
            request.NegativeTexts.Add(unlike.Texts(parsed));
            request.PositiveVectors = like.Vectors(tool, parsed);
            request.NegativeVectors = unlike.Vectors(tool, parsed);
            request.Strategy = parsed.GetValue(strategy) == "best-score" ? RecommendStrategy.BestScore : RecommendStrategy.Average;
            if (parsed.GetValue(withExamples))
                request.WithExamples = true;
            long start = Stopwatch.GetTimestamp();
            DateTime? deadline = options.Deadline(tool, parsed);
            RecommendResponse found = await server.ReadAsync(
                retrieval => retrieval.RecommendAsync(request, deadline: deadline, cancellationToken: cancellation), cancellation);
            double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            Dictionary<string, string> titles = QueryVerb.ReadTitles(tool, parsed.GetValue(show), found.Answer.Keys);
            KeyColumn missing = found.Missing ?? new KeyColumn();
            int gone = missing.Texts.Count + missing.Numbers.Count;
            return QueryVerb.Write(tool, QueryVerb.Report(request.Search, description, found.Answer, ["recommended"], titles) with
            {
                Missing = gone == 0 ? null : [.. Enumerable.Range(0, gone).Select(position => ServerConnection.KeyAt(missing, position))],
                RoundTripUs = microseconds,
            }, parsed.GetValue(json));
        });
        return command;
    }
}
