using System.Globalization;
using Ann.Core;

namespace Ann.Encoding.Onnx;

/// <summary>Options of execution providers, from their text <c>PROVIDER.OPTION=VALUE</c>, checked by name and value.</summary>
/// <remarks>
/// The names are ONNX Runtime's. Known are those that change speed or memory, and rows by no more than rounding; a plug-in's library
/// checks its own.
/// </remarks>
internal sealed class ProviderOptions
{
    private const string Plugin = "plugin";

    private static readonly Known[] CudaOptions =
    [
        new("gpu_mem_limit", Bytes),
        new("arena_extend_strategy", "kNextPowerOfTwo", "kSameAsRequested"),
        new("cudnn_conv_algo_search", "EXHAUSTIVE", "HEURISTIC", "DEFAULT"),
        new("cudnn_conv_use_max_workspace", "0", "1"),
        new("do_copy_in_default_stream", "0", "1"),
        new("use_tf32", "0", "1"),
        // A captured graph is for one shape at one address; batches have many of both.
        new("enable_cuda_graph", "0"),
    ];

    private static readonly Known[] TensorRtOptions =
    [
        new("trt_max_workspace_size", Bytes),
        new("trt_builder_optimization_level", "0", "1", "2", "3", "4", "5"),
    ];

    private const string Bytes = "bytes from 1";

    private readonly Dictionary<string, Dictionary<string, string>> _byProvider = new(StringComparer.Ordinal)
    {
        [ExecutionProviders.Cuda] = [],
        [ExecutionProviders.TensorRt] = [],
        [Plugin] = [],
    };

    /// <summary>For CUDA, by name.</summary>
    public IReadOnlyDictionary<string, string> Cuda => _byProvider[ExecutionProviders.Cuda];

    /// <summary>For TensorRT, by name.</summary>
    public IReadOnlyDictionary<string, string> TensorRt => _byProvider[ExecutionProviders.TensorRt];

    /// <summary>For providers of plug-in libraries, by name.</summary>
    public IReadOnlyDictionary<string, string> PlugIn => _byProvider[Plugin];

    /// <summary>Reads and checks options.</summary>
    /// <param name="texts">Each <c>PROVIDER.OPTION=VALUE</c>, as <c>cuda.gpu_mem_limit=2000000000</c>.</param>
    /// <param name="providers">As in <see cref="EncoderOptions.Providers"/>. An option of none of these is refused.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the option, the expected, the found.</exception>
    public static ProviderOptions Parse(IEnumerable<string> texts, IReadOnlyList<string> providers)
    {
        ProviderOptions options = new();
        foreach (string text in texts)
            options.Add(text, providers);
        return options;
    }

    private void Add(string text, IReadOnlyList<string> providers)
    {
        int dot = text.IndexOf('.', StringComparison.Ordinal), equal = text.IndexOf('=', StringComparison.Ordinal);
        if (dot <= 0 || equal <= dot + 1)
            throw Invalid($"Provider option '{text}' is none; expected PROVIDER.OPTION=VALUE, as cuda.gpu_mem_limit=2000000000.");
        string provider = text[..dot], name = text[(dot + 1)..equal], value = text[(equal + 1)..];
        if (!_byProvider.TryGetValue(provider, out Dictionary<string, string>? options))
            throw Invalid($"Provider option '{text}' is of '{provider}'; expected {string.Join(", ", _byProvider.Keys)}.");
        if (!Uses(providers, provider))
            throw Invalid($"Provider option '{text}' is of {provider}, which is not among the providers {string.Join(',', providers)}.");
        if (provider != Plugin)
            Check(provider, name, value);
        if (!options.TryAdd(name, value))
            throw Invalid($"Provider option '{provider}.{name}' is given twice.");
    }

    private static bool Uses(IReadOnlyList<string> providers, string provider) => provider switch
    {
        // TensorRT leaves operators to CUDA.
        ExecutionProviders.Cuda => providers.Any(static name =>
            name is ExecutionProviders.Auto or ExecutionProviders.Cuda or ExecutionProviders.TensorRt),
        Plugin => providers.Any(ExecutionProviders.IsLibrary),
        _ => providers.Contains(provider),
    };

    private static void Check(string provider, string name, string value)
    {
        Known[] all = provider == ExecutionProviders.Cuda ? CudaOptions : TensorRtOptions;
        Known known = Array.Find(all, option => option.Name == name)
            ?? throw Invalid(
                $"Provider option '{provider}.{name}' is unknown; known are {string.Join(", ", all.Select(static option => option.Name))}. "
                + "The device has an option of its own.");
        bool right = known.Values is [Bytes]
            ? long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes) && bytes > 0
            : known.Values.Contains(value);
        if (!right)
            throw Invalid($"Provider option '{provider}.{name}' is '{value}'; expected {string.Join(", ", known.Values)}.");
    }

    private static AnnException Invalid(string message) => AnnException.Invalid("provider_options", message);

    /// <summary>An option, and the values that it may have.</summary>
    private sealed record Known(string Name, params string[] Values);
}
