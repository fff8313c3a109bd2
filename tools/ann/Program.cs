using System.Runtime.InteropServices;

namespace Ann.Tool;

/// <summary>The process: the console, the signals, the exit code.</summary>
internal static class Program
{
    private const string Home = "HOME";

    private static async Task<int> Main(string[] args)
    {
        NameHome();
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        return await CommandLine.RunAsync(args, ToolContext.OfProcess(), stop.Token);

        // The first signal asks for an orderly end; a second one ends the process at once, as without us.
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }

    /// <summary>
    /// Names a home directory where the user has none, as those of containers that no line of passwd knows. The platform looks below it for
    /// certificates that are not to be trusted whenever it puts a chain together, and throws where there is none; for its other directories
    /// it takes the root then, where nobody but root can write. So does this.
    /// </summary>
    private static void NameHome()
    {
        if (!OperatingSystem.IsWindows() && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Home)))
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
            Environment.SetEnvironmentVariable(Home, home.Length > 0 ? home : "/");
        }
    }
}
