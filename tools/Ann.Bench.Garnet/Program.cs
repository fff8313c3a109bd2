using System.Globalization;

namespace Ann.Bench.Garnet;

/// <summary>Compares <c>ann serve</c> with Garnet's vector sets over the loopback, on the same vectors in the same run.</summary>
internal static class Program
{
    private const string Usage = """
        Ann.Bench.Garnet compare --base B --queries Q --truth T.ibin --index I.ann --ann PATH [--recall 0.95] [--seconds 5]
                                 [--server-core N] [--json OUT]
        Ann.Bench.Garnet host PORT        the Garnet server alone, until standard input ends

        B, Q: fbin or u8bin. I.ann: an index of the same rows under l2, built with ann build. PATH: the ann executable.
        --server-core N starts both servers with 'taskset -c N'; start this program itself with 'taskset -c M' for the clients.
        """;

    private static readonly string[] Needed = ["--base", "--queries", "--truth", "--index", "--ann"];

    private static int Main(string[] args)
    {
        if (args is ["host", string port])
        {
            GarnetHost.Run(int.Parse(port, CultureInfo.InvariantCulture));
            return 0;
        }
        if (args is not ["compare", ..] || args.Length % 2 == 0)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }
        Dictionary<string, string> options = [];
        for (int i = 1; i < args.Length; i += 2)
            options[args[i]] = args[i + 1];
        string[] missing = [.. Needed.Where(name => !options.ContainsKey(name))];
        if (missing.Length > 0)
        {
            Console.Error.WriteLine($"Missing: {string.Join(", ", missing)}.\n{Usage}");
            return 2;
        }
        Comparison.Run(options);
        return 0;
    }
}
