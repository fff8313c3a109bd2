using System.Globalization;

namespace Ann.Bench.Garnet;

/// <summary>Garnet in a process of its own.</summary>
internal static class GarnetHost
{
    /// <summary>Serves vector sets on the loopback until standard input ends.</summary>
    public static void Run(int port)
    {
        string[] settings =
        [
            "--bind", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--enable-vector-set-preview",
            "--memory", "2g", "--index", "256m", "--logger-level", "Error", "-q",
        ];
        using global::Garnet.GarnetServer server = new(settings);
        server.Start();
        Console.WriteLine("ready");
        while (Console.In.ReadLine() is not null)
        {
            // Whoever started it closes the pipe.
        }
    }
}
