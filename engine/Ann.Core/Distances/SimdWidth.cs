using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ann.Core.Distances;

/// <summary>
/// Which register width the kernels use. Each property is a constant to the JIT, so a kernel compiles to one of its twins.
/// </summary>
/// <remarks>
/// <see cref="Vector512.IsHardwareAccelerated"/> is false on Intel's Skylake and Cascade Lake although they have AVX-512: the runtime fears
/// their clock throttling. The kernels here wait for memory, not for arithmetic, and gain from the wider loads all the same.
/// </remarks>
internal static class SimdWidth
{
    /// <summary>512-bit registers with byte and word operations.</summary>
    public static bool Has512 => Vector512.IsHardwareAccelerated || Avx512BW.IsSupported;

    /// <summary>256-bit registers.</summary>
    public static bool Has256 => Vector256.IsHardwareAccelerated;

    /// <summary>128-bit registers: SSE on x86, AdvSimd on Arm.</summary>
    public static bool Has128 => Vector128.IsHardwareAccelerated;

    /// <summary>The width in use: <c>512</c>, <c>256</c>, <c>128</c> or <c>scalar</c>.</summary>
    public static string Name => Has512 ? "512" : Has256 ? "256" : Has128 ? "128" : "scalar";
}
