using System.CommandLine;
using System.Globalization;
using Ann.Core;
using Ann.Core.Segments;
using Ann.Protocol.V1;
using Ann.Server.Mapping;
using Ann.Tool.Attributes;
using Ann.Tool.Remote;
using Ann.Tool.Reports;
using KeyKind = Ann.Core.Keys.KeyKind;
using Metric = Ann.Core.Metric;
using Wire = Ann.Protocol.V1;

namespace Ann.Tool.Verbs;

/// <summary><c>ann create</c>: an empty live index.</summary>
internal static class CreateVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> address = VerbOptions.Address();
        Option<string> index = VerbOptions.LiveIndex();
        Option<int> dimension = VerbOptions.Number("--dim", "Components of a vector.", 0, 1, SegmentBuilder.MaxDimension);
        dimension.DefaultValueFactory = null;
        dimension.Required = true;
        Option<string> metric = VerbOptions.Metric();
        Option<string> keys = VerbOptions.Choice("--key-type", "What keys are.", EnumNames<KeyKind>.Plain, KeyKind.UInt64);
        Option<string> codes = VerbOptions.Choice(
            "--codes", "What the graph walk reads in sealed segments.", EnumNames<CodesKind>.Plain, CodesTraits.Standard);
        Option<string> layout = VerbOptions.Layout();
        Option<int> m = VerbOptions.Number("--m", "Neighbours a node on upper levels; twice as many on level 0.", 16, 2, 128);
        Option<int> efConstruction = VerbOptions.Number("--ef-construction", "Beam width while inserting; at least m.", 200, 2, 4096);
        Option<string?> attributes = AttributeOptions.Schema("Attributes that items may have.");
        Option<string?> encoder = VerbOptions.Optional(
            "--encoder-fingerprint", "HEX", "Encoder of the rows, 16 hex digits as ann info tells them. Default: unknown.");
        Option<string?> encoderName = VerbOptions.Optional("--encoder-name", "NAME", "Name of that encoder, for people.");
        Option<bool> json = VerbOptions.Json();
        Verb command = new("create",
            "Make an empty live index on a running server that has a data directory (ann serve --data DIR).",
            "ann create --index shop --dim 384 --metric cosine --key-type string",
            "ann create --index shop --dim 384 --metric cosine --attributes \"category:keyword,price:double,since:timestamp\"")
        {
            index, dimension, metric, keys, codes, layout, m, efConstruction, attributes, encoder, encoderName, address, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            CreateRequest request = new()
            {
                Index = parsed.GetRequiredValue(index),
                Dimension = (uint)parsed.GetValue(dimension),
                Metric = WireEnum<Metric, Wire.Metric>.ToWire(MetricTraits.Names.Parse(parsed.GetValue(metric))),
                KeyKind = WireEnum<KeyKind, Wire.KeyKind>.ToWire(EnumNames<KeyKind>.Plain.Parse(parsed.GetValue(keys))),
                Codes = WireEnum<CodesKind, Wire.Codes>.ToWire(EnumNames<CodesKind>.Plain.Parse(parsed.GetValue(codes))),
                Layout = WireEnum<SegmentLayout, Wire.Layout>.ToWire(EnumNames<SegmentLayout>.Plain.Parse(parsed.GetValue(layout))),
                M = (uint)parsed.GetValue(m),
                EfConstruction = (uint)parsed.GetValue(efConstruction),
            };
            if (parsed.GetValue(encoder) is string hex)
                request.EncoderFingerprint = Fingerprint(hex);
            if (parsed.GetValue(encoderName) is string name)
                request.EncoderName = name;
            if (AttributeOptions.ParseSchema(tool.Files, parsed.GetValue(attributes)) is { } schema)
                request.Attributes.AddRange(RemoteAttributes.Fields(schema));
            using ServerConnection server = new(parsed.GetRequiredValue(address));
            IndexDescription made = (await server.ChangeAsync(
                indexes => indexes.CreateAsync(request, cancellationToken: cancellation), cancellation)).Index;
            CreateReport report = new(
                made.Name, made.Generation, (int)made.Dimension, parsed.GetRequiredValue(metric), parsed.GetRequiredValue(keys))
            {
                Attributes = made.Attributes.Count == 0 ? null : AttributeColumnReport.Of(RemoteAttributes.Schema(made)),
            };
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.CreateReport);
            else
                tool.Out.WriteLine(
                    $"{report.Index}: empty, dimension {report.Dimension}, {report.Metric}, {report.KeyType} keys, "
                    + $"generation {report.Generation}"
                    + (report.Attributes is null ? "" : $", attributes {AttributeColumnReport.ToText(report.Attributes)}"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static ulong Fingerprint(string hex) =>
        hex.Length == 16 && ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : throw AnnException.Invalid("--encoder-fingerprint", $"--encoder-fingerprint is '{hex}'; it must be 16 hex digits.");
}
