using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Ann.Server.Hosting;

/// <summary>
/// Gives calls with nearly no time left the deadline that they have. A .NET client counts in whole milliseconds, rounded down, so that with
/// less than one left it sends the shortest timeout there is, <c>1n</c>. The gRPC stack of the server counts in units of 100 ns, finds 0,
/// and takes the call for one without a deadline: it would then be searched for as if its caller had all the time in the world.
/// </summary>
internal static class ShortDeadlines
{
    private const string Header = "grpc-timeout";

    /// <summary>At most so much is left; the caller knows better, and gives up by itself.</summary>
    private const string OneMillisecond = "1m";

    private const int NanosecondsPerTick = 100;

    /// <summary>Changes the timeout of such a call; leaves every other as it is.</summary>
    public static void Correct(HttpContext context)
    {
        if (context.Request.Headers.TryGetValue(Header, out StringValues timeout) && IsNothing(timeout.ToString()))
            context.Request.Headers[Header] = OneMillisecond;
    }

    private static bool IsNothing(string timeout) =>
        timeout.EndsWith('n')
            && int.TryParse(timeout.AsSpan(0, timeout.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int nanoseconds)
            && nanoseconds < NanosecondsPerTick;
}
