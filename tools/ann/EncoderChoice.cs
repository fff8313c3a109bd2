using System.CommandLine;
using Ann.Encoding;

namespace Ann.Tool;

/// <summary>The options that name an encoder, the same for every verb that needs one.</summary>
internal sealed class EncoderChoice
{
    /// <summary>What names the embedded encoder.</summary>
    public const string Default = "default";

    private readonly Option<string> _encoder = new("--encoder")
    {
        Description = "Directory of an encoder (encoder.json, model.onnx, tokenizer), or 'default' for the embedded one.",
        DefaultValueFactory = _ => Default,
        HelpName = "DIR",
    };

    private readonly Option<string> _providers = new("--providers")
    {
        Description = "ONNX Runtime execution providers in order of preference.",
        DefaultValueFactory = _ => "cuda,cpu",
        HelpName = "A,B",
    };

    private readonly Option<bool> _require = new("--require-provider")
    {
        Description = "Fail when the first provider is not there, instead of falling back.",
    };

    private readonly Option<int> _threads = VerbOptions.Number("--threads", "Threads of one inference; 0 leaves it to ONNX Runtime.", 0, 0, 1024);

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_encoder);
        command.Add(_providers);
        command.Add(_require);
        command.Add(_threads);
    }

    /// <summary>The encoder that was named: a directory, a model file, or <see cref="Default"/>.</summary>
    public string Name(ParseResult parsed) => parsed.GetValue(_encoder)!;

    /// <summary>How to open it.</summary>
    public EncoderOptions Options(ParseResult parsed) => new()
    {
        Providers = parsed.GetValue(_providers)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        RequireProvider = parsed.GetValue(_require),
        Threads = parsed.GetValue(_threads),
    };

    /// <summary>Opens a text encoder.</summary>
    public static TextEncoder OpenText(ToolContext tool, string encoder, EncoderOptions options) =>
        encoder == Default
            ? TextEncoder.OpenDefault(tool.Files, tool.CacheDirectory, options)
            : TextEncoder.Open(tool.Files, encoder, options);
}
