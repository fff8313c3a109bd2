namespace Ann.Core.Indexes;

/// <summary>What a caller is told when a disk refuses: it is full as a rule, and there may be room later.</summary>
internal static class DiskFailure
{
    /// <summary>The same task, its failures named.</summary>
    public static async Task Named(string index, Task task)
    {
        try
        {
            await task;
        }
        catch (IOException e)
        {
            throw Of(index, e);
        }
    }

    /// <summary>The same task, its failures named.</summary>
    public static async Task<T> Named<T>(string index, Task<T> task)
    {
        await Named(index, (Task)task);
        return await task;
    }

    private static AnnException Of(string index, IOException e) =>
        new(AnnError.Overloaded, $"Index '{index}': the disk is full or refuses writes; nothing was changed: {e.Message}", e)
        {
            Field = "disk",
        };
}
