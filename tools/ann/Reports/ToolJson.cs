using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Ann.Tool.Reports;

/// <summary>Compile-time JSON of every report. Names are snake_case; they are a contract with scripts.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(double))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(EncodeReport))]
[JsonSerializable(typeof(BuildReport))]
[JsonSerializable(typeof(ConvertReport))]
[JsonSerializable(typeof(VectorsReport))]
[JsonSerializable(typeof(IndexReport))]
[JsonSerializable(typeof(FootprintReport))]
[JsonSerializable(typeof(VerifyReport))]
[JsonSerializable(typeof(EvalReport))]
[JsonSerializable(typeof(JudgedReport))]
[JsonSerializable(typeof(DiffReport))]
[JsonSerializable(typeof(InteractionReport))]
[JsonSerializable(typeof(ListReport))]
[JsonSerializable(typeof(HostedIndexReport))]
[JsonSerializable(typeof(EncodersReport))]
[JsonSerializable(typeof(EncoderInitReport))]
[JsonSerializable(typeof(EncoderCheckReport))]
[JsonSerializable(typeof(EncoderExportReport))]
[JsonSerializable(typeof(QueryReport))]
[JsonSerializable(typeof(ScrollReport))]
[JsonSerializable(typeof(PrepareReport))]
[JsonSerializable(typeof(ServeReport))]
[JsonSerializable(typeof(ConfigReport))]
[JsonSerializable(typeof(ReplayReport))]
[JsonSerializable(typeof(TopReport))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(DemoReport))]
[JsonSerializable(typeof(LoadReport))]
[JsonSerializable(typeof(ScenarioReport))]
[JsonSerializable(typeof(CaptureReplayReport))]
[JsonSerializable(typeof(CaptureReport))]
[JsonSerializable(typeof(CreateReport))]
[JsonSerializable(typeof(DropReport))]
[JsonSerializable(typeof(ImportReport))]
[JsonSerializable(typeof(GenerationReport))]
[JsonSerializable(typeof(DetachReport))]
[JsonSerializable(typeof(PromoteReport))]
[JsonSerializable(typeof(CompactReport))]
[JsonSerializable(typeof(SnapshotReport))]
[JsonSerializable(typeof(RestoreReport))]
[JsonSerializable(typeof(SetReport))]
[JsonSerializable(typeof(ExportReport))]
[JsonSerializable(typeof(ReleaseReport))]
[JsonSerializable(typeof(ReleaseVerifyReport))]
[JsonSerializable(typeof(KeyReport))]
[JsonSerializable(typeof(KeysReport))]
[JsonSerializable(typeof(CompletionReport))]
[JsonSerializable(typeof(TruthReport))]
[JsonSerializable(typeof(TuneReport))]
[JsonSerializable(typeof(TwoTowerReport))]
internal sealed partial class ToolJson : JsonSerializerContext
{
    /// <summary>Writes a report as the only content of standard output.</summary>
    public static void Write<TReport>(ToolContext tool, TReport report, JsonTypeInfo<TReport> type) =>
        tool.Out.WriteLine(JsonSerializer.Serialize(report, type));
}
