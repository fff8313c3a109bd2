using System.Globalization;
using Ann.Core;
using Ann.Core.Files;
using Microsoft.ML.OnnxRuntime;

namespace Ann.Encoding.Onnx;

/// <summary>The provider that was asked for is not in this build of ONNX Runtime, or not on this machine.</summary>
internal sealed class ProviderMissingException(string message) : Exception(message);

/// <summary>Makes session options for a provider named as in <see cref="EncoderOptions.Providers"/>.</summary>
internal static class ExecutionProviders
{
    public const string Auto = "auto", Cpu = "cpu", Cuda = "cuda", TensorRt = "tensorrt";

    private const string CudaName = "CUDAExecutionProvider", TensorRtName = "TensorrtExecutionProvider";

    // Registering a library is for the whole process and only once.
    private static readonly Lock Registering = new();
    private static readonly Dictionary<string, string[]> Libraries = new(StringComparer.Ordinal);

    /// <summary>What the native library was built with, in ONNX Runtime's names.</summary>
    public static string Available() => string.Join(", ", OnnxEnvironment.Instance.GetAvailableProviders());

    /// <summary>The providers to try, in order: <see cref="Auto"/> replaced by what this build was made for, the CPU last.</summary>
    public static IEnumerable<string> InOrder(IReadOnlyList<string> wanted) => wanted
        .SelectMany(static name => name != Auto ? [name] : HasCuda() ? new[] { Cuda, Cpu } : [Cpu])
        .Append(Cpu)
        .Distinct();

    /// <summary>Refuses a name that is neither a provider's nor a path, whether or not its turn would come.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>.</exception>
    public static void CheckName(string provider)
    {
        if (provider is not (Auto or Cpu or Cuda or TensorRt) && !IsLibrary(provider))
            throw AnnException.Invalid(
                "providers",
                $"Provider '{provider}' is unknown; expected auto, tensorrt, cuda, cpu, or the path of a plug-in provider library.");
    }

    /// <summary>True for the path of a plug-in library: what has a directory separator.</summary>
    public static bool IsLibrary(string provider) => provider.AsSpan().ContainsAny('/', '\\');

    /// <summary>Session options that put the graph on <paramref name="wanted"/>; what it cannot run falls to the CPU.</summary>
    /// <exception cref="ProviderMissingException">Not in this build.</exception>
    /// <exception cref="OnnxRuntimeException">In this build, but its libraries or its device are missing.</exception>
    public static SessionOptions Configure(string wanted, string modelPath, EncoderOptions options, out string provider)
    {
        _ = OnnxEnvironment.Instance;
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

    /// <summary>
    /// Memory of this machine from which a GPU of NVIDIA copies by itself; null for every other provider. What it gives back goes to an
    /// arena of the session, so it is asked for the same batches again and again without a call of the driver.
    /// </summary>
    public static OrtAllocator? PinnedMemory(InferenceSession session, string provider, int device)
    {
        if (provider is not (Cuda or TensorRt))
            return null;
        try
        {
            using OrtMemoryInfo pinned = new(
                OrtMemoryInfo.allocatorCUDA_PINNED, OrtAllocatorType.DeviceAllocator, device, OrtMemType.CpuOutput);
            return new OrtAllocator(session, pinned);
        }
        catch (OnnxRuntimeException)
        {
            // Any memory will do; it is copied once more.
            return null;
        }
    }

    private static bool HasCuda() => OnnxEnvironment.Has(CudaName);

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
                RequireBuiltIn(CudaName);
                AppendCuda(settings, options);
                return Cuda;
            case TensorRt:
                RequireBuiltIn(TensorRtName);
                AppendTensorRt(settings, options);
                // TensorRT leaves to CUDA the operators that it lacks.
                AppendCuda(settings, options);
                return TensorRt;
            default:
                return AppendLibrary(settings, wanted, options);
        }
    }

    private static void RequireBuiltIn(string name)
    {
        if (!OnnxEnvironment.Has(name))
            throw new ProviderMissingException(
                $"this build of ONNX Runtime {OnnxEnvironment.Instance.GetVersionString()} has no {name}, but {Available()}.");
    }

    private static void AppendCuda(SessionOptions settings, EncoderOptions options)
    {
        using OrtCUDAProviderOptions cuda = new();
        cuda.UpdateOptions(new(options.ParsedProviderOptions().Cuda) { ["device_id"] = Number(options.Device) });
        settings.AppendExecutionProvider_CUDA(cuda);
    }

    private static void AppendTensorRt(SessionOptions settings, EncoderOptions options)
    {
        Dictionary<string, string> values = new(options.ParsedProviderOptions().TensorRt) { ["device_id"] = Number(options.Device) };
        if (options.EngineCacheDirectory is { } directory)
        {
            // Building an engine takes minutes; one that was built is for this model, GPU and version of TensorRT, which its name tells.
            PhysicalFileSystem.Instance.CreateDirectory(directory);
            values["trt_engine_cache_enable"] = values["trt_timing_cache_enable"] = "1";
            values["trt_engine_cache_path"] = values["trt_timing_cache_path"] = directory;
        }
        using OrtTensorRTProviderOptions tensorRt = new();
        tensorRt.UpdateOptions(values);
        settings.AppendExecutionProvider_Tensorrt(tensorRt);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string AppendLibrary(SessionOptions settings, string path, EncoderOptions options)
    {
        int device = options.Device;
        string[] names = Register(path);
        OrtEnv environment = OnnxEnvironment.Instance;
        List<OrtEpDevice> devices = [.. environment.GetEpDevices().Where(candidate => names.Contains(candidate.EpName))];
        if (device >= devices.Count)
            throw new ProviderMissingException(string.Create(
                CultureInfo.InvariantCulture,
                $"library {path} offers {devices.Count} devices on this machine; device {device} was asked for."));
        settings.AppendExecutionProvider(environment, [devices[device]], options.ParsedProviderOptions().PlugIn);
        return devices[device].EpName;
    }

    /// <summary>Names of the providers in a library: those whose devices appear when it is registered.</summary>
    private static string[] Register(string path)
    {
        lock (Registering)
        {
            if (Libraries.TryGetValue(path, out string[]? names))
                return names;
            OrtEnv environment = OnnxEnvironment.Instance;
            HashSet<string> before = [.. environment.GetEpDevices().Select(device => device.EpName)];
            environment.RegisterExecutionProviderLibrary(path, path);
            names = [.. environment.GetEpDevices().Select(device => device.EpName).Distinct().Where(name => !before.Contains(name))];
            Libraries.Add(path, names);
            return names;
        }
    }
}
