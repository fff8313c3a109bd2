using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;
using Ann.Server.Telemetry;

namespace Ann.Tool.Replay;

/// <summary>Reads the file that a server writes slow queries to.</summary>
internal static class SlowQueryReader
{
    private const int MostLineChars = 8 << 20;

    /// <summary>The calls of a file, in its order, one by one.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="AnnException">NotFound: the file. InvalidArgument: names the line and what is wrong with it.</exception>
    public static IEnumerable<SlowQuery> Read(IFileSystem files, string path)
    {
        using StreamReader reader = new(files.OpenRead(path));
        int number = 0;
        while (reader.ReadLine() is string line)
        {
            number++;
            if (line.Length == 0)
                continue;
            yield return Parse(path, $"line {number}", line);
        }
    }

    private static SlowQuery Parse(string path, string place, string line)
    {
        if (line.Length > MostLineChars)
            throw AnnException.BadInput(path, place, $"it has {line.Length} characters; a slow query has at most {MostLineChars}.");
        SlowQuery? query;
        try
        {
            query = JsonSerializer.Deserialize(line, SlowQueryJson.Default.SlowQuery);
        }
        catch (JsonException e)
        {
            throw AnnException.BadInput(path, place, $"it is no slow query: {e.Message}", e);
        }
        if (query is null || query.Method.Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
            throw AnnException.BadInput(path, place, "it is no slow query: method must be SERVICE/METHOD.");
        return query;
    }
}
