using System.CommandLine;
using Ann.Bench.Embed;
using Ann.Encoding;
using Ann.Encoding.Defaults;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>embed</c>: texts of many callers in shared batches, against one by one.</summary>
internal static class EmbedVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> encoder = new("--encoder")
        {
            Description = "Directory of a text encoder, or minilm or arctic-xs.",
            DefaultValueFactory = _ => "minilm",
            HelpName = "DIR",
        };
        Option<int> callers = VerbOptions.Number("--callers", "Callers at saturation, each with one text at a time.", 64, 1, 4096);
        Option<int> words = VerbOptions.Number("--words", "Words of a text; no two texts are alike.", 5, 4, 200);
        Option<int> threads = VerbOptions.Number("--threads", "Threads that run batches, and that encode one by one.", 1, 1, 64);
        Option<int> inner = VerbOptions.Number("--encoder-threads", "Threads of one inference; 0 leaves it to ONNX Runtime.", 0, 0, 1024);
        Option<int> seconds = VerbOptions.Number("--seconds", "Time of each measurement.", 5, 1, 3600);
        Option<int> rounds = VerbOptions.Number("--rounds", "Measurements of each, in turn.", 3, 1, 100);

        Verb command = new("embed",
            "Measure what sharing batches gains: texts a second at saturation, and the time that it adds to a lone caller's.",
            $"{Program.Name} embed --encoder minilm --callers 64 --seconds 10",
            $"{Program.Name} embed --encoder minilm --threads 2 --encoder-threads 1")
        {
            encoder, callers, words, threads, inner, seconds, rounds,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            string place = BuiltInEncoder.PlaceOf(tool.Files, parsed.GetValue(encoder)!, tool.CacheDirectory);
            using TextEncoder opened = TextEncoder.Open(
                tool.Files, place, new EncoderOptions { Providers = ["cpu"], Threads = parsed.GetValue(inner) });
            EmbedRun run = new(tool.Out, opened, parsed.GetValue(words), parsed.GetValue(threads))
            {
                Time = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
            };
            await run.MeasureAsync(parsed.GetValue(callers), parsed.GetValue(rounds), cancellation);
            return ExitCodes.Done;
        });
        return command;
    }
}
