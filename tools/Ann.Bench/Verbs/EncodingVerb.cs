using System.CommandLine;
using Ann.Bench.Encoders;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>encode</c>: what an encoder costs besides its model.</summary>
internal static class EncodingVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> encoder = VerbOptions.Required("--encoder", "DIR", "Directory of a text encoder, or a name: minilm, arctic-xs.");
        Option<string?> texts = VerbOptions.Optional(
            "--texts", "FILE", "A text a line; of a .tsv the longest field of each line. Left out: words from a seed, 4 to 40 a text.");
        Option<string> batches = new("--batches")
        {
            Description = "Texts of one call.",
            HelpName = "N,N,...",
            DefaultValueFactory = _ => "1,8,32,64,256",
        };
        Option<int> rows = VerbOptions.Number(
            "--rows", "Texts of a round, spread over the file; fewer at small batches.", 1024, 1, 1_000_000);
        Option<int> rounds = VerbOptions.Number("--rounds", "Rounds, of which the medians are told.", 5, 1, 1000);
        Option<int> threads = VerbOptions.Number("--threads", "Threads of one inference; 0 leaves it to ONNX Runtime.", 0, 0, 1024);
        Verb command = new("encode",
            "Encode texts with an encoder as it is, with pooling behind its graph, and with ONNX Runtime alone on the same padded batches, "
                + "in turn: rows a second. Exits with 1 where the encoder is more than 10 % below ONNX Runtime alone.",
            $"{Program.Name} encode --encoder minilm",
            $"{Program.Name} encode --encoder models/my-encoder --texts glosses.tsv --batches 1,64 --rounds 9")
        {
            encoder, texts, batches, rows, rounds, threads,
        };
        command.SetAction((parsed, cancellation) =>
        {
            EncodingRun run = new(tool, EncoderChoice.PlaceOf(tool, parsed.GetRequiredValue(encoder)), parsed.GetValue(threads))
            {
                Batches = NumberList.Parse(batches.Name, parsed.GetValue(batches)!, 1, 4096),
                Rows = parsed.GetValue(rows),
                Rounds = parsed.GetValue(rounds),
            };
            string[] all = parsed.GetValue(texts) is { } file ? BenchTexts.Read(tool.Files, file) : BenchTexts.Made(parsed.GetValue(rows));
            return Task.FromResult(run.Run(all, cancellation) ? ExitCodes.Done : ExitCodes.CheckFailed);
        });
        return command;
    }
}
