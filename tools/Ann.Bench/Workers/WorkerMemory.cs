using System.Globalization;
using Ann.Tool;

namespace Ann.Bench.Workers;

/// <summary>Tells the resident memory of this process, as <c>report_memory</c> of <c>driver.h</c> does.</summary>
internal static class WorkerMemory
{
    private const string Source = "/proc/self/smaps_rollup";

    /// <summary>Writes one line; unknown memory is 0.</summary>
    public static void Report(ToolContext tool, string stage)
    {
        long resident = 0, anonymous = 0;
        if (tool.Files.FileExists(Source))
        {
            using StreamReader reader = new(tool.Files.OpenRead(Source));
            while (reader.ReadLine() is string line)
            {
                if (line.StartsWith("Rss:", StringComparison.Ordinal))
                    resident = Bytes(line);
                if (line.StartsWith("Anonymous:", StringComparison.Ordinal))
                    anonymous = Bytes(line);
            }
        }
        tool.Out.WriteLine($"memory stage={stage} rss={resident} anonymous={anonymous} file={resident - anonymous}");
    }

    private static long Bytes(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return 1024 * long.Parse(words[1], CultureInfo.InvariantCulture);
    }
}
