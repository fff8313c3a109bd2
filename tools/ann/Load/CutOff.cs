namespace Ann.Tool.Load;

/// <summary>What becomes of a load that Ctrl-C ends: it prints what it measured, and writes no page that would pass for whole.</summary>
internal static class CutOff
{
    /// <summary>Says that there is no page, where one was wanted.</summary>
    /// <returns>The exit code, for who prints a report that was ended early.</returns>
    public static int Tell(ToolContext tool, string? page)
    {
        if (page is not null)
            tool.Notice($"{page} is not written: the measurement was cut off.");
        return ExitCodes.Cancelled;
    }
}
