using System.CommandLine;
using System.Globalization;
using Ann.Core;
using Ann.Encoding;
using Ann.Encoding.Defaults;
using Ann.Server;
using Ann.Server.Settings;

namespace Ann.Tool;

/// <summary>The options that name an encoder, the same for every verb that needs one.</summary>
internal sealed class EncoderChoice
{
    /// <summary>What names the embedded encoder.</summary>
    public const string Default = "default";

    /// <summary>Texts of one inference: short batches leave little padding.</summary>
    public const int TextBatchRows = 64;

    /// <summary>Feature rows of one inference: they need no padding.</summary>
    public const int FeatureBatchRows = 1024;

    private readonly Option<string> _encoder = new("--encoder")
    {
        Description = "Directory of an encoder (encoder.json, model.onnx, tokenizer), or a name: default, minilm, arctic-xs.",
        DefaultValueFactory = _ => Default,
        HelpName = "DIR",
    };

    private readonly Option<string> _providers = new("--providers")
    {
        Description = "ONNX Runtime execution providers in order of preference: tensorrt, cuda, cpu, a library's path, or auto.",
        DefaultValueFactory = _ => "auto",
        HelpName = "A,B",
    };

    private readonly Option<bool> _require = new("--require-provider")
    {
        Description = "Fail when the first provider is not there, instead of falling back.",
    };

    private readonly Option<int> _device = VerbOptions.Number(
        "--device", "Which of several devices the provider uses; the CPU ignores it.", 0, 0, 1024);

    private readonly Option<string[]> _providerOptions = new("--provider-option")
    {
        Description = "Option of a provider, by ONNX Runtime's name, as cuda.gpu_mem_limit=2000000000. May be repeated.",
        HelpName = "P.NAME=VALUE",
    };

    private readonly Option<int> _threads = VerbOptions.Number(
        "--threads", "Threads of one inference; 0 leaves it to ONNX Runtime.", 0, 0, 1024);

    private readonly Option<int> _batch = VerbOptions.Number("--batch",
        $"Rows of one inference; 0 takes {TextBatchRows} for texts and {FeatureBatchRows} for features.", 0, 0, 4096);

    private readonly Option<string> _maxModel = new("--max-model-bytes")
    {
        Description = "Largest model with its weights, in bytes or with a unit such as GiB; 0 takes the memory that the process may use.",
        DefaultValueFactory = _ => "0",
        HelpName = "SIZE",
    };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_encoder);
        AddRunTo(command);
    }

    /// <summary>Adds those of them that say how an encoder is run, to a verb that names it in another way.</summary>
    public void AddRunTo(Command command)
    {
        command.Add(_providers);
        command.Add(_require);
        command.Add(_device);
        command.Add(_providerOptions);
        command.Add(_threads);
        command.Add(_batch);
        command.Add(_maxModel);
    }

    /// <summary>The encoder that was named: a directory, a model file, or <see cref="Default"/>.</summary>
    public string Name(ToolContext tool, ParseResult parsed) => PlaceOf(tool, parsed.GetValue(_encoder)!);

    /// <summary>The directory of an encoder that comes with the program, extracted at first use; any other name as it is.</summary>
    public static string PlaceOf(ToolContext tool, string encoder) =>
        BuiltInEncoder.PlaceOf(tool.Files, encoder, tool.CacheDirectory);

    /// <summary>How to open it.</summary>
    /// <param name="tool">Where its cache is.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="batchRows">Rows of one inference when none were given.</param>
    public EncoderOptions Options(ToolContext tool, ParseResult parsed, int batchRows) => new()
    {
        MaxBatchRows = parsed.GetValue(_batch) is int rows and > 0 ? rows : batchRows,
        Providers = parsed.GetValue(_providers)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        RequireProvider = parsed.GetValue(_require),
        Device = parsed.GetValue(_device),
        ProviderOptions = parsed.GetValue(_providerOptions) ?? [],
        EngineCacheDirectory = EncoderOptions.EnginesIn(tool.CacheDirectory),
        Threads = parsed.GetValue(_threads),
        ProviderLost = (_, notice) => tool.Notice(notice),
        MaxModelBytes = SizeOf(parsed.GetValue(_maxModel)!),
    };

    private static long SizeOf(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes) ? bytes
        : Quantity.TryRead(text, SettingAttribute.Bytes, out decimal size) && size is >= 0 and <= long.MaxValue ? (long)size
        : throw AnnException.Invalid(
            "--max-model-bytes", $"--max-model-bytes is '{text}'; it must be a size, in bytes or with a unit such as MiB or GiB.");

    /// <summary>Opens a text encoder.</summary>
    public static TextEncoder OpenText(ToolContext tool, string encoder, EncoderOptions options)
    {
        TextEncoder opened = encoder == Default
            ? TextEncoder.OpenDefault(tool.Files, tool.CacheDirectory, options)
            : TextEncoder.Open(tool.Files, encoder, options);
        Tell(tool, opened.Info);
        return opened;
    }

    /// <summary>Passes on what a person should know of an encoder: fall-backs, guesses for missing settings.</summary>
    public static void Tell(ToolContext tool, EncoderInfo encoder)
    {
        foreach (string notice in encoder.Notices)
            tool.Notice(notice);
    }
}
