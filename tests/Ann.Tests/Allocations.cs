namespace Ann.Tests;

/// <summary>What code allocates that has run before.</summary>
internal static class Allocations
{
    /// <summary>Rounds that make what is kept, and in which the runtime compiles the loops in full, for which it allocates too.</summary>
    private const int WarmUps = 10;

    /// <summary>Bytes of the managed heap that a round takes of its thread.</summary>
    public static long OfSteady(Action run)
    {
        for (int round = 0; round < WarmUps; round++)
            run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        run();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
