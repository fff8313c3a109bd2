using System.CommandLine;
using Ann.Encoding.Defaults;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann encoder export</c>: writes an encoder that comes with the program as a directory.</summary>
internal static class EncoderExport
{
    /// <summary>The command.</summary>
    public static Verb Create(ToolContext tool)
    {
        Argument<string> name = new("name") { Description = "Encoder that comes with the program.", HelpName = "NAME" };
        name.AcceptOnlyFromAmong([.. BuiltInEncoder.All.Select(static encoder => encoder.Name)]);
        Argument<string> directory = new("directory") { Description = "Where its files go; created when missing.", HelpName = "DIR" };
        Option<bool> json = VerbOptions.Json();
        Verb command = new("export",
            "Write an encoder that comes with the program as a directory: model, vocabulary and encoder.json, to change or to hand on.",
            "ann encoder export minilm models/minilm")
        {
            name, directory, json,
        };
        command.SetAction(parsed =>
        {
            string to = parsed.GetRequiredValue(directory);
            BuiltInEncoder.All.First(one => one.Name == parsed.GetRequiredValue(name)).WriteTo(tool.Files, to);
            EncoderExportReport report = new(parsed.GetRequiredValue(name), to);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.EncoderExportReport);
            else
                tool.Out.WriteLine($"{report.Directory}: encoder {report.Encoder}");
            return ExitCodes.Done;
        });
        return command;
    }
}
