using System.Runtime.InteropServices;

namespace Ann.Bench.Truth;

/// <summary>The matrix product of OpenBLAS, where the machine has the library: what a CPU can do, to measure our own against.</summary>
internal sealed class OpenBlas : IDisposable
{
    private const int RowMajor = 101, AsItIs = 111, Transposed = 112;

    private static readonly string[] Names = ["libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "libopenblas.dll"];

    private readonly nint _library;
    private readonly Sgemm _sgemm;

    private OpenBlas(nint library, int threads)
    {
        _library = library;
        _sgemm = Marshal.GetDelegateForFunctionPointer<Sgemm>(NativeLibrary.GetExport(library, "cblas_sgemm"));
        Marshal.GetDelegateForFunctionPointer<SetThreads>(NativeLibrary.GetExport(library, "openblas_set_num_threads"))(threads);
        nint config = Marshal.GetDelegateForFunctionPointer<GetText>(NativeLibrary.GetExport(library, "openblas_get_config"))();
        Description = Marshal.PtrToStringUTF8(config) ?? "";
    }

    private delegate void SetThreads(int threads);

    private delegate nint GetText();

    private delegate void Sgemm(
        int order, int transposeA, int transposeB, int rowsOfA, int rowsOfB, int length, float alpha, float[] a, int strideOfA,
        float[] b, int strideOfB, float beta, float[] c, int strideOfC);

    /// <summary>What the library says of itself: version and kernel.</summary>
    public string Description { get; }

    /// <summary>Loads it; null where there is none.</summary>
    /// <param name="threads">Threads that it may use.</param>
    public static OpenBlas? Find(int threads)
    {
        foreach (string name in Names)
            if (NativeLibrary.TryLoad(name, out nint library))
                return new OpenBlas(library, threads);
        return null;
    }

    /// <summary>All products of the rows of two matrices.</summary>
    /// <param name="a">Rows of <paramref name="length"/> components.</param>
    /// <param name="b">Likewise.</param>
    /// <param name="length">Components.</param>
    /// <param name="products">A row of a after another.</param>
    public void Multiply(float[] a, float[] b, int length, float[] products) => _sgemm(
        RowMajor, AsItIs, Transposed, a.Length / length, b.Length / length, length, 1, a, length, b, length, 0, products,
        b.Length / length);

    /// <inheritdoc/>
    public void Dispose() => NativeLibrary.Free(_library);
}
