using Ann.Core;

namespace Ann.Encoding.Onnx;

/// <summary>
/// Whose fault it is that a run failed: ONNX Runtime tells memory that there is not and a device that is gone by its message alone, with
/// the same exception as for an input that the model refuses.
/// </summary>
internal static class RunFailure
{
    /// <summary>What the allocators of ONNX Runtime, C++, CUDA and cuBLAS say when they are refused.</summary>
    private static readonly string[] NoMemory =
    [
        "Failed to allocate memory", "bad_alloc", "bad allocation", "out of memory", "is smaller than requested bytes", "ALLOC_FAILED",
    ];

    /// <summary>What CUDA and its libraries say when a device or its driver stopped working.</summary>
    private static readonly string[] NoDevice = ["CUDA failure", "CUDA error", "CUBLAS failure", "CUDNN failure", "cudaError"];

    /// <summary>
    /// The error of a run: <see cref="AnnError.Overloaded"/> where memory was refused, <see cref="AnnError.Unavailable"/> where a device
    /// was lost, and else <see cref="AnnError.InvalidArgument"/>.
    /// </summary>
    /// <param name="path">The model.</param>
    /// <param name="e">What the run threw.</param>
    public static AnnException Of(string path, Exception e)
    {
        if (Says(e, NoMemory))
        {
            return new AnnException(AnnError.Overloaded, $"{path}: there is no memory for this run of the model: {e.Message}", e)
            {
                Field = "memory",
            };
        }
        return Says(e, NoDevice)
            ? new AnnException(AnnError.Unavailable, $"{path}: the device that runs the model failed: {e.Message}", e)
            : AnnException.BadInput(path, "", "the model refused its input: " + e.Message, e);
    }

    private static bool Says(Exception e, string[] words) =>
        Array.Exists(words, word => e.Message.Contains(word, StringComparison.OrdinalIgnoreCase));
}
