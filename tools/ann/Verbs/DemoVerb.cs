using System.CommandLine;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Server;
using Ann.Server.Hosting;
using Ann.Tool.Demo;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary>
/// <c>ann demo</c>: the whole path on a catalogue that the tool makes up: items → vectors → index → server → queries over the network.
/// Each stage is the verb that a user would call.
/// </summary>
internal static class DemoVerb
{
    private const string IndexName = "products";
    private const int CatalogueSeed = 20_260_801;
    private const int QuerySeed = 7;
    private const int MeasuredQueries = 400;
    private const int KeptQueries = 2000;
    private const int KeptSeed = 8;
    private const string Provider = "cpu"; // The embedded encoder is small; looking for a GPU would only delay it.

    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<int> items = VerbOptions.Number("--items", "Products of the catalogue.", 20_000, 100, ProductCatalogue.MaxItems);
        Option<int> port = VerbOptions.Number("--port", "Loopback port of the server; 0 takes a free one.", 0, 0, 65_535);
        Option<string> encoder = new("--encoder")
        {
            Description = "Who encodes: a directory, or a name: default, minilm, arctic-xs.",
            DefaultValueFactory = _ => EncoderChoice.Default,
            HelpName = "DIR",
        };
        Option<bool> once = new("--once") { Description = "End after the measurement instead of serving until Ctrl-C." };
        Option<string?> keep = VerbOptions.Optional(
            "--keep", "DIR", "Keep the catalogue, its vectors, 2,000 queries and the index there, for other verbs to be tried with.");
        Option<bool> json = VerbOptions.Json();
        Verb command = new("demo",
            "Make up a catalogue, encode it, build an index, serve it over gRPC, query it and measure the answers.",
            "ann demo --once", "ann demo --once --keep shop", "ann demo --items 100000 --port 50051", "ann demo --once --encoder minilm")
        {
            items, encoder, port, once, keep, json,
        };
        command.SetAction((parsed, cancellation) =>
            RunAsync(
                tool,
                new DemoRequest(
                    parsed.GetValue(items), parsed.GetRequiredValue(encoder), parsed.GetValue(port), parsed.GetValue(once),
                    parsed.GetValue(keep), parsed.GetValue(json)),
                cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ToolContext tool, DemoRequest request, CancellationToken cancellation)
    {
        if (request.Keep is { } kept)
        {
            tool.Files.CreateDirectory(kept);
            return await RunAsync(tool, new DemoFiles(kept), request, cancellation);
        }
        DirectoryInfo folder = tool.MakeTemporaryFolder("ann-demo-");
        try
        {
            return await RunAsync(tool, new DemoFiles(folder.FullName), request, cancellation);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<int> RunAsync(ToolContext tool, DemoFiles files, DemoRequest request, CancellationToken cancellation)
    {
        int items = request.Items;
        string encoder = EncoderChoice.PlaceOf(tool, request.Encoder);
        long start = tool.Time.GetTimestamp();
        tool.Notice($"1. making a catalogue of {items:N0} products");
        List<Product> products = ProductCatalogue.Generate(items, CatalogueSeed);
        CatalogueFile.Write(tool.Files, files.Items, products);
        double generated = tool.SecondsSince(start);

        tool.Notice($"2. encoding their titles with the ONNX encoder {request.Encoder}");
        EncodeReport encoded = Encode(files.Items, files.Vectors, CatalogueFile.Attributes);
        if (request.Keep is not null)
        {
            CatalogueFile.WriteQueries(tool.Files, files.Queries, DemoQueries.Generate(products, KeptQueries, KeptSeed));
            Encode(files.Queries, files.QueryVectors, null);
        }
        double encodedAt = tool.SecondsSince(start);

        tool.Notice($"3. building the index ({encoded.Rows:N0} × {encoded.Dimension}, cosine, int8 codes)");
        BuildRequest build = new()
        {
            Input = files.Vectors,
            Output = files.Index,
            Options = new() { Metric = Metric.Cosine, Name = IndexName, Source = "items.jsonl" },
        };
        BuildReport built = BuildVerb.Run(tool, build, cancellation)!; // no floor, so it is written
        double builtAt = tool.SecondsSince(start);

        tool.Notice("4. starting the server");
        await using AnnServerHost host = await AnnServerHost.StartAsync(Configure, ServerLog.Quiet, cancellation);
        using ServerConnection server = new(host.Address);
        double startedAt = tool.SecondsSince(start);

        tool.Notice($"5. asking it over gRPC at {host.Address}");
        DemoClient client = new(server, IndexName, products);
        List<QueryAnswer> answers = await client.AskAsync(DemoQueries.Shown, cancellation);
        List<string> measured = DemoQueries.Generate(products, MeasuredQueries, QuerySeed);
        double recall = await client.RecallAsync(measured, cancellation);
        int callers = 2 * Environment.ProcessorCount;
        (double p50, double p99, double qps) = await client.LoadAsync(measured, callers, cancellation);
        double total = tool.SecondsSince(start);

        DemoReport report = new()
        {
            Items = items,
            RecallAt10 = recall,
            RecallQueries = measured.Count,
            Qps = qps,
            P50Us = p50,
            P99Us = p99,
            Callers = callers,
            Queries = answers,
            Dimension = encoded.Dimension,
            Encoder = $"{encoded.EncoderName} {encoded.EncoderFingerprint}",
            Generation = built.Generation ?? "",
            Address = host.Address,
            Seconds = new DemoSeconds
            {
                Generate = generated,
                Encode = encodedAt - generated,
                Build = builtAt - encodedAt,
                Start = startedAt - builtAt,
                Measure = total - startedAt,
                Total = total,
            },
        };
        if (request.Json)
            ToolJson.Write(tool, report, ToolJson.Default.DemoReport);
        else
            Print(tool.Out, report, request, files);
        await tool.Out.FlushAsync(cancellation);
        if (request.Once)
            return ExitCodes.Done;

        tool.Notice($"serving on {host.Address} until Ctrl-C; the catalogue is {files.Items}");
        await ServeVerb.UntilStoppedAsync(cancellation);
        return ExitCodes.Done;

        EncodeReport Encode(string input, string output, AttributeSchema? attributes) => EncodeVerb.RunTexts(
            tool,
            new()
            {
                Input = input,
                Output = output,
                Encoder = encoder,
                Options = new() { Providers = [Provider] },
                Attributes = attributes,
            },
            cancellation);

        void Configure(ServerOptions server)
        {
            server.Listen = $"127.0.0.1:{request.Port}";
            server.IndexFiles.Add(files.Index);
            server.EncoderCacheDirectory = tool.CacheDirectory;
            server.EncoderProviders = Provider;
            if (encoder != EncoderChoice.Default)
                server.EncoderDirectories.Add(encoder);
        }
    }

    private static void Print(TextWriter text, DemoReport report, DemoRequest request, DemoFiles files)
    {
        foreach (QueryAnswer answer in report.Queries)
        {
            text.WriteLine();
            text.WriteLine($"\"{answer.Text}\"");
            SearchAnswers.Print(text, answer);
        }
        DemoSeconds seconds = report.Seconds;
        string target = new Uri(report.Address).Authority;
        text.WriteLine();
        text.WriteLine($"items           {report.Items:N0} of dimension {report.Dimension}, encoder {report.Encoder}");
        text.WriteLine($"recall@10       {report.RecallAt10:F4} over {report.RecallQueries} queries, against exact search");
        text.WriteLine($"queries/s       {report.Qps:N0} over gRPC with {report.Callers} callers, client and server on this machine");
        text.WriteLine($"latency         p50 {report.P50Us:N0} us, p99 {report.P99Us:N0} us over gRPC with one caller");
        text.WriteLine(
            $"seconds         {seconds.Total:F1}: catalogue {seconds.Generate:F1}, encode {seconds.Encode:F1}, build {seconds.Build:F1}, "
            + $"start {seconds.Start:F1}, queries {seconds.Measure:F1}");
        text.WriteLine();
        if (request.Keep is not null)
            text.WriteLine($"kept            {files.Items}, {files.Vectors}, {files.Queries}, {files.QueryVectors}, {files.Index}");
        text.WriteLine("Ask it yourself while it serves (leave out --once):");
        text.WriteLine($"  ann query --address {report.Address} --index {IndexName} --text \"garden hose 20 m\" --show {files.Items}");
        text.WriteLine($"  grpcurl -plaintext {target} ann.v1.Indexes/List");
        string embed = $"{{\"index\":\"{IndexName}\",\"texts\":[\"garden hose\"]}}";
        string search = $"{{index:\"{IndexName}\",queries:.vectors,k:5}}";
        text.WriteLine($"  grpcurl -plaintext -d '{embed}' {target} ann.v1.Retrieval/Embed \\");
        text.WriteLine($"    | jq '{search}' | grpcurl -plaintext -d @ {target} ann.v1.Retrieval/Search");
    }

    /// <summary>What was asked for.</summary>
    private sealed record DemoRequest(int Items, string Encoder, int Port, bool Once, string? Keep, bool Json);

    /// <summary>Where the stages leave their results.</summary>
    private sealed record DemoFiles(string Folder)
    {
        public string Items => Path.Combine(Folder, "items.jsonl");

        public string Vectors => Path.Combine(Folder, "items.npy");

        public string Queries => Path.Combine(Folder, "queries.jsonl");

        public string QueryVectors => Path.Combine(Folder, "queries.npy");

        public string Index => Path.Combine(Folder, IndexName + ".ann");
    }
}
