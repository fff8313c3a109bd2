namespace Ann.Tests;

/// <summary>What code allocates that has run before.</summary>
internal static class Allocations
{
    private const int Rounds = 3;

    /// <summary>
    /// Bytes of the managed heap that each round takes of its thread. The least of some rounds: the runtime allocates for itself, once,
    /// when it compiles a loop anew while it runs.
    /// </summary>
    public static long OfSteady(Action run)
    {
        run(); // makes what is kept, and compiles the loops
        long least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
