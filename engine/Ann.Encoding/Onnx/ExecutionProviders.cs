using System.Globalization;
using Ann.Core;
using Microsoft.ML.OnnxRuntime;

namespace Ann.Encoding.Onnx;

/// <summary>The provider that was asked for is not in this build of ONNX Runtime, or not on this machine.</summary>
internal sealed class ProviderMissingException(string message) : Exception(message);

/// <summary>Makes session options for a provider named as in <see cref="EncoderOptions.Providers"/>.</summary>
internal static class ExecutionProviders
{
    public const string Auto = "auto", Cpu = "cpu", Cuda = "cuda", TensorRt = "tensorrt";

    // Registering a library is for the whole process and only once.
    private static readonly Lock Registering = new();
    private static readonly Dictionary<string, string[]> Libraries = new(StringComparer.Ordinal);

    /// <summary>What the native library was built with, in ONNX Runtime's names.</summary>
    public static string Available() => string.Join(", ", OrtEnv.Instance().GetAvailableProviders());

    /// <summary>The providers to try, in order: <see cref="Auto"/> replaced by what this build was made for, the CPU last.</summary>
    public static IEnumerable<string> InOrder(IReadOnlyList<string> wanted) => wanted
        .SelectMany(static name => name != Auto ? [name] : HasCuda() ? new[] { Cuda, Cpu } : [Cpu])
        .Append(Cpu)
        .Distinct();

    /// <summary>Refuses a name that is neither a provider's nor a path, whether or not its turn would come.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>.</exception>
    public static void CheckName(string provider)
    {
        if (provider is not (Auto or Cpu or Cuda or TensorRt) && !provider.AsSpan().ContainsAny('/', '\\'))
            throw AnnException.Invalid(
                "providers",
                $"Provider '{provider}' is unknown; expected auto, tensorrt, cuda, cpu, or the path of a plug-in provider library.");
    }

    /// <summary>Session options that put the graph on <paramref name="wanted"/>; what it cannot run falls to the CPU.</summary>
    /// <exception cref="ProviderMissingException">Not in this build.</exception>
    /// <exception cref="OnnxRuntimeException">In this build, but its libraries or its device are missing.</exception>
    public static SessionOptions Configure(string wanted, string modelPath, EncoderOptions options, out string provider)
    {
        SessionOptions settings = Common(modelPath, options);
        try
        {
            provider = Append(settings, wanted, options);
            return settings;
        }
        catch
        {
            settings.Dispose();
            throw;
        }
    }

    private static bool HasCuda() => OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider");

    private static SessionOptions Common(string modelPath, EncoderOptions options)
    {
        SessionOptions settings = new()
        {
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = options.Threads,
            // Errors come back as exceptions; standard error is not theirs.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            // Patterns are remembered per input shape, and every batch has its own.
            EnableMemoryPattern = false,
        };
        // Spinning threads would take the cores from the searches of the same process.
        settings.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        settings.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
        if (Path.GetDirectoryName(modelPath) is { Length: > 0 } directory)
            settings.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", directory);
        return settings;
    }

    private static string Append(SessionOptions settings, string wanted, EncoderOptions options)
    {
        switch (wanted)
        {
            case Cpu:
                return Cpu;
            case Cuda:
                RequireBuiltIn("CUDAExecutionProvider");
                settings.AppendExecutionProvider_CUDA(options.Device);
                return Cuda;
            case TensorRt:
                RequireBuiltIn("TensorrtExecutionProvider");
                settings.AppendExecutionProvider_Tensorrt(options.Device);
                // TensorRT leaves to CUDA the operators that it lacks.
                settings.AppendExecutionProvider_CUDA(options.Device);
                return TensorRt;
            default:
                return AppendLibrary(settings, wanted, options.Device);
        }
    }

    private static void RequireBuiltIn(string name)
    {
        if (!OrtEnv.Instance().GetAvailableProviders().Contains(name))
            throw new ProviderMissingException($"this build of ONNX Runtime has no {name}.");
    }

    private static string AppendLibrary(SessionOptions settings, string path, int device)
    {
        string[] names = Register(path);
        OrtEnv environment = OrtEnv.Instance();
        List<OrtEpDevice> devices = [.. environment.GetEpDevices().Where(candidate => names.Contains(candidate.EpName))];
        if (device >= devices.Count)
            throw new ProviderMissingException(string.Create(
                CultureInfo.InvariantCulture,
                $"library {path} offers {devices.Count} devices on this machine; device {device} was asked for."));
        settings.AppendExecutionProvider(environment, [devices[device]], new Dictionary<string, string>());
        return devices[device].EpName;
    }

    /// <summary>Names of the providers in a library: those whose devices appear when it is registered.</summary>
    private static string[] Register(string path)
    {
        lock (Registering)
        {
            if (Libraries.TryGetValue(path, out string[]? names))
                return names;
            OrtEnv environment = OrtEnv.Instance();
            HashSet<string> before = [.. environment.GetEpDevices().Select(device => device.EpName)];
            environment.RegisterExecutionProviderLibrary(path, path);
            names = [.. environment.GetEpDevices().Select(device => device.EpName).Distinct().Where(name => !before.Contains(name))];
            Libraries.Add(path, names);
            return names;
        }
    }
}
