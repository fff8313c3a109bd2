using System.CommandLine;
using Ann.Core;
using Ann.Core.Segments;
using Ann.Protocol.V1;
using Ann.Server.Mapping;
using Ann.Tool.Attributes;
using Ann.Tool.Live;
using Ann.Tool.Remote;
using Ann.Tool.Reports;
using KeyKind = Ann.Core.Keys.KeyKind;
using Wire = Ann.Protocol.V1;

namespace Ann.Tool.Verbs;

/// <summary><c>ann create</c>: an empty live index.</summary>
internal static class CreateVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.LiveIndex();
        Option<string?> like = VerbOptions.Optional(
            "--like", "FILE",
            "Takes dimension, kind of keys, attributes and encoder from a file of vectors and its sidecars, or from an .ann file, "
            + "which says the metric too. Options that are given go before it.");
        Option<int> dimension = VerbOptions.Number("--dim", "Components of a vector.", 0, 1, SegmentBuilder.MaxDimension);
        dimension.DefaultValueFactory = null;
        Option<string> metric = VerbOptions.Metric();
        metric.Required = false;
        Option<string> keys = VerbOptions.Choice(
            "--key-type", "What keys are. Default: uint64, or as --like has them.", EnumNames<KeyKind>.Plain, KeyKind.UInt64);
        keys.DefaultValueFactory = null;
        Option<string> codes = VerbOptions.Choice(
            "--codes", "What the graph walk reads in sealed segments.", EnumNames<CodesKind>.Plain, CodesTraits.Standard);
        Option<string> layout = VerbOptions.Layout();
        Option<int> m = VerbOptions.Number("--m", "Neighbours a node on upper levels; twice as many on level 0.", 16, 2, 128);
        Option<int> efConstruction = VerbOptions.Number("--ef-construction", "Beam width while inserting; at least m.", 200, 2, 4096);
        Option<string?> attributes = AttributeOptions.Schema("Attributes that items may have.");
        Option<string?> encoder = VerbOptions.Optional(
            "--encoder-fingerprint", "HEX", "Encoder of the rows, 16 hex digits as ann encoders and ann info tell them. Default: unknown.");
        Option<string?> encoderName = VerbOptions.Optional("--encoder-name", "NAME", "Name of that encoder, for people.");
        Option<string?> queryEncoder = VerbOptions.Optional(
            "--query-encoder-fingerprint", "HEX", "Encoder of the queries, where it is another one. Default: the encoder of the rows.");
        Option<string?> queryEncoderName = VerbOptions.Optional("--query-encoder-name", "NAME", "Name of that encoder, for people.");
        Option<bool> json = VerbOptions.Json();
        Verb command = new("create",
            "Make an empty live index on a running server that has a data directory (ann serve --data DIR).",
            "ann create --index shop --like items.npy --metric cosine",
            "ann create --index shop --dim 384 --metric cosine --key-type string",
            "ann create --index shop --dim 384 --metric cosine --attributes \"category:keyword,price:double,since:timestamp\"")
        {
            index, like, dimension, metric, keys, codes, layout, m, efConstruction, attributes, encoder, encoderName, queryEncoder,
            queryEncoderName, connection, json,
        };
        command.Validators.Add(result =>
        {
            string? file = result.GetValue(like);
            if (file is null && result.GetResult(dimension) is null)
                result.AddError("Option '--dim' is required, or --like FILE.");
            if (!IsIndexFile(file) && result.GetResult(metric) is null)
                result.AddError($"Option '--metric' is required: one of {string.Join(", ", MetricTraits.Names.All)}.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            IndexTemplate template = parsed.GetValue(like) is string file ? IndexTemplate.Read(tool, file) : IndexTemplate.Empty;
            CreateRequest request = template.Request(
                parsed.GetRequiredValue(index),
                parsed.GetValue(metric) is string word ? MetricTraits.Names.Parse(word) : template.Metric!.Value);
            if (parsed.GetResult(dimension) is not null)
                request.Dimension = (uint)parsed.GetValue(dimension);
            if (parsed.GetValue(keys) is string kind)
                request.KeyKind = WireEnum<KeyKind, Wire.KeyKind>.ToWire(EnumNames<KeyKind>.Plain.Parse(kind));
            request.Codes = WireEnum<CodesKind, Wire.Codes>.ToWire(EnumNames<CodesKind>.Plain.Parse(parsed.GetValue(codes)));
            request.Layout = WireEnum<SegmentLayout, Wire.Layout>.ToWire(EnumNames<SegmentLayout>.Plain.Parse(parsed.GetValue(layout)));
            request.M = (uint)parsed.GetValue(m);
            request.EfConstruction = (uint)parsed.GetValue(efConstruction);
            if (parsed.GetValue(encoder) is string hex)
                request.EncoderFingerprint = IndexTemplate.FingerprintOf(hex, "--encoder-fingerprint");
            if (parsed.GetValue(encoderName) is string name)
                request.EncoderName = name;
            if (parsed.GetValue(queryEncoder) is string queries)
                request.QueryEncoderFingerprint = IndexTemplate.FingerprintOf(queries, "--query-encoder-fingerprint");
            if (parsed.GetValue(queryEncoderName) is string queryName)
                request.QueryEncoderName = queryName;
            if (AttributeOptions.ParseSchema(tool.Files, parsed.GetValue(attributes)) is { } schema)
            {
                request.Attributes.Clear();
                request.Attributes.AddRange(RemoteAttributes.Fields(schema));
            }
            using ServerConnection server = connection.Open(tool, parsed);
            CreateReport report = await RunAsync(tool, server, request, cancellation);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.CreateReport);
            else
                tool.Out.WriteLine(InWords(report));
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Makes the index, and tells what it will not do for want of an encoder.</summary>
    internal static async Task<CreateReport> RunAsync(
        ToolContext tool, ServerConnection server, CreateRequest request, CancellationToken cancellation)
    {
        IndexDescription made = (await server.ChangeAsync(
            indexes => indexes.CreateAsync(request, cancellationToken: cancellation), cancellation)).Index;
        if (!request.HasEncoderFingerprint)
        {
            tool.Notice(
                $"{made.Name} has no encoder fingerprint: it cannot be asked with texts, and refuses rows that name an encoder. "
                + "--like FILE takes it from the rows' sidecar; ann encoders tells those of the server.");
        }
        return new CreateReport(
            made.Name, made.Generation, (int)made.Dimension, HostedIndexes.Word(made.Metric), HostedIndexes.Word(made.KeyKind))
        {
            Encoder = HostedIndexes.Encoder(made.Encoder),
            QueryEncoder = HostedIndexes.QueryEncoder(made.Encoder, made.QueryEncoder),
            Attributes = made.Attributes.Count == 0 ? null : AttributeColumnReport.Of(RemoteAttributes.Schema(made)),
        };
    }

    /// <summary>What was made, in a line.</summary>
    internal static string InWords(CreateReport report) =>
        $"{report.Index}: empty, dimension {report.Dimension}, {report.Metric}, {report.KeyType} keys, generation {report.Generation}"
        + (report.Encoder is null ? "" : $", encoder {report.Encoder.Name} {report.Encoder.Fingerprint}")
        + (report.QueryEncoder is null ? "" : $", queries of {report.QueryEncoder.Name} {report.QueryEncoder.Fingerprint}")
        + (report.Attributes is null ? "" : $", attributes {AttributeColumnReport.ToText(report.Attributes)}");

    private static bool IsIndexFile(string? path) => path?.EndsWith(".ann", StringComparison.OrdinalIgnoreCase) == true;
}
