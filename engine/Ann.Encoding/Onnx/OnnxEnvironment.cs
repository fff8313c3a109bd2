using Microsoft.ML.OnnxRuntime;

namespace Ann.Encoding.Onnx;

/// <summary>ONNX Runtime in this process. Every call to it goes through here first, since the first one decides what it logs.</summary>
internal static class OnnxEnvironment
{
    private static readonly Lazy<OrtEnv> Created = new(Create);

    /// <summary>The one environment; made by the first to ask, unless a program that embeds this made its own before.</summary>
    public static OrtEnv Instance => Created.Value;

    /// <summary>True when the native library was built with a provider of that name, one of ONNX Runtime's.</summary>
    public static bool Has(string provider) => Instance.GetAvailableProviders().Contains(provider);

    private static OrtEnv Create()
    {
        if (OrtEnv.IsCreated)
            return OrtEnv.Instance();
        // Errors come back as exceptions, which tell the same; standard error is not theirs.
        EnvironmentCreationOptions quiet = new() { logId = "ann", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        return OrtEnv.CreateInstanceWithOptions(ref quiet);
    }
}
