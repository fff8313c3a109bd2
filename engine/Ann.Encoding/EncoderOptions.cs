using Ann.Core;
using Ann.Encoding.Onnx;

namespace Ann.Encoding;

/// <summary>How to open an encoder.</summary>
public sealed record EncoderOptions
{
    private const int MaxThreads = 1024, RowLimit = 4096, TokenLimit = 1 << 20;

    /// <summary>
    /// Execution providers in order of preference: <c>tensorrt</c>, <c>cuda</c>, <c>cpu</c>, the path of a plug-in provider library
    /// (anything with a directory separator), or <c>auto</c>: cuda where this build of ONNX Runtime has it, then cpu. The CPU is always
    /// there, listed or not. Default: auto.
    /// </summary>
    public IReadOnlyList<string> Providers { get; init; } = ["auto"];

    /// <summary>Make a missing first provider an error instead of a noticed fall-back. Default: false.</summary>
    public bool RequireProvider { get; init; }

    /// <summary>Which of several devices the provider uses, from 0. The CPU ignores it. Default: 0.</summary>
    public int Device { get; init; }

    /// <summary>
    /// Options of the providers, each <c>PROVIDER.OPTION=VALUE</c> with the provider <c>cuda</c>, <c>tensorrt</c> or <c>plugin</c> and
    /// ONNX Runtime's name of the option. For cuda: <c>gpu_mem_limit</c> (bytes), <c>arena_extend_strategy</c>,
    /// <c>cudnn_conv_algo_search</c>, <c>cudnn_conv_use_max_workspace</c>, <c>do_copy_in_default_stream</c>, <c>use_tf32</c>,
    /// <c>enable_cuda_graph</c> (0 alone: batches have many shapes). For tensorrt: <c>trt_max_workspace_size</c> (bytes),
    /// <c>trt_builder_optimization_level</c>. A plug-in's library knows its own. Default: none.
    /// </summary>
    public IReadOnlyList<string> ProviderOptions { get; init; } = [];

    /// <summary>Where TensorRT keeps the engines that it built, for the next start. Created when missing. Null: nowhere.</summary>
    public string? EngineCacheDirectory { get; init; }

    /// <summary>Threads of one inference, 0 to 1024. Default 0: ONNX Runtime's own choice, one per physical core.</summary>
    public int Threads { get; init; }

    /// <summary>Rows of one inference at most, 1 to 4096. Default: 64.</summary>
    public int MaxBatchRows { get; init; } = 64;

    /// <summary>
    /// Tokens of one inference at most, padding included, 16 to 1,048,576; a single longer text still runs alone.
    /// Bounds the memory of a batch: some 10 KB a token for a model of 384 dimensions. Default: 8192.
    /// </summary>
    public int MaxBatchTokens { get; init; } = 8192;

    /// <summary>
    /// Bytes of a model with its weights at most, 0 or more. Checked before they are read. Default 0: the memory that the process may use.
    /// </summary>
    public long MaxModelBytes { get; init; }

    /// <summary>
    /// Let the graph itself make one vector of a text's tokens (pooling, cutting, scaling), so that a batch brings back a row a text and
    /// not one a token. Rows differ by rounding alone. Where a model does not take it, a notice says so and it is done behind the graph.
    /// Default: true.
    /// </summary>
    public bool PoolInGraph { get; init; } = true;

    /// <summary>
    /// Told the encoder's name and a notice when a provider's device was lost and another provider took its place. Default: nobody.
    /// </summary>
    public Action<string, string>? ProviderLost { get; init; }

    /// <summary>Stands between an encoder and every session that it opens: where tests let devices fail.</summary>
    internal Func<IModelSession, IModelSession> Around { get; init; } = static session => session;

    /// <summary><see cref="EngineCacheDirectory"/> in the directory where encoders are kept.</summary>
    internal static string EnginesIn(string cacheDirectory) => Path.Combine(cacheDirectory, "tensorrt");

    /// <summary>Refuses options out of range.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>, naming the option.</exception>
    internal void Check()
    {
        if (Providers.Count == 0)
            throw AnnException.Invalid("providers", "providers is empty; name at least one, for example cpu.");
        foreach (string provider in Providers)
            ExecutionProviders.CheckName(provider);
        ParsedProviderOptions();
        CheckRange("device", Device, 0, MaxThreads);
        CheckRange("threads", Threads, 0, MaxThreads);
        CheckRange("max_batch_rows", MaxBatchRows, 1, RowLimit);
        CheckRange("max_batch_tokens", MaxBatchTokens, 16, TokenLimit);
        if (MaxModelBytes < 0)
            throw AnnException.Invalid("max_model_bytes", $"max_model_bytes is {MaxModelBytes}; it must be 0 or more.");
    }

    /// <summary><see cref="ProviderOptions"/> by provider and name.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>, naming the option.</exception>
    internal Onnx.ProviderOptions ParsedProviderOptions() => Onnx.ProviderOptions.Parse(ProviderOptions, Providers);

    private static void CheckRange(string option, int value, int least, int most)
    {
        if (value < least || value > most)
            throw AnnException.Invalid(option, $"{option} is {value}; it must be {least} to {most}.");
    }
}
