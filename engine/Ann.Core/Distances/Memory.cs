using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Ann.Core.Distances;

/// <summary>Prefetch hints.</summary>
internal static unsafe class Memory
{
    private const int LineInBytes = 64;

    /// <summary>More lines than this only push each other out; the hardware's own prefetcher follows a stream that long.</summary>
    private const int MaxLines = 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* start, int sizeInBytes)
    {
        if (!Sse.IsSupported)
            return;
        byte* end = (byte*)start + Math.Min(sizeInBytes, MaxLines * LineInBytes);
        for (byte* line = (byte*)start; line < end; line += LineInBytes)
            Sse.Prefetch1(line);
    }
}
