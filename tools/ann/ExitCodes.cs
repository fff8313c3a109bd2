namespace Ann.Tool;

/// <summary>What the process's exit code tells a script.</summary>
internal static class ExitCodes
{
    /// <summary>Done as asked.</summary>
    public const int Done = 0;

    /// <summary>The check ran and failed: recall below the target, a damaged file.</summary>
    public const int CheckFailed = 1;

    /// <summary>Bad usage or bad input; one line says which file, where and why.</summary>
    public const int BadInput = 2;

    /// <summary>A mistake of ours; a stack trace follows.</summary>
    public const int Internal = 3;

    /// <summary>Stopped by a signal: 128 + SIGINT, as shells count.</summary>
    public const int Cancelled = 130;
}
