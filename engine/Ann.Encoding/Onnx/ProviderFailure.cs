using System.Text.RegularExpressions;

namespace Ann.Encoding.Onnx;

/// <summary>
/// Finds in what ONNX Runtime says of a provider that it could not use the cause: the library or the device that is missing.
/// </summary>
internal static partial class ProviderFailure
{
    /// <summary>The cause in one line.</summary>
    /// <param name="message">
    /// ONNX Runtime's: source files, signatures and status codes around <c>with error: libcublasLt.so.13: cannot open …</c> of the loader,
    /// or around <c>CUDA failure 100: no CUDA-capable device is detected ; GPU=…</c>.
    /// </param>
    public static string Cause(string message)
    {
        if (LoaderError().Match(message) is { Success: true } loader)
            return loader.Groups["cause"].Value.Trim() + ".";
        if (DeviceError().Match(message) is { Success: true } device)
            return device.Groups["cause"].Value.Trim() + ".";
        return ErrorCode().Replace(message, "").Trim();
    }

    [GeneratedRegex(@"Failed to load library \S+ with error: (?<cause>[^\r\n]+)")]
    private static partial Regex LoaderError();

    [GeneratedRegex(@"(?<cause>(CUDA|CUDNN|CUBLAS) failure \d+: [^;\r\n]+)")]
    private static partial Regex DeviceError();

    [GeneratedRegex(@"^\[ErrorCode:\w+\] ")]
    private static partial Regex ErrorCode();
}
