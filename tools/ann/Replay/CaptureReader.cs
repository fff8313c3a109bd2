using System.Text;
using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;
using Ann.Protocol.V1;
using Ann.Server.Telemetry;
using Google.Protobuf;

namespace Ann.Tool.Replay;

/// <summary>Reads the file that a server captures searches to.</summary>
internal static class CaptureReader
{
    private const int MostLineChars = 2 << 20;

    /// <summary>The calls of a file, in the order in which they came.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="AnnException">NotFound: the file. InvalidArgument: names the line and what is wrong, or there is none.</exception>
    public static CapturedCall[] Read(IFileSystem files, string path)
    {
        List<CapturedCall> calls = [];
        using StreamReader reader = new(files.OpenRead(path));
        StringBuilder line = new();
        for (int number = 1; ReadLine(reader, line, path, number); number++)
        {
            if (line.Length > 0)
                calls.Add(Parse(path, $"line {number}", line.ToString()));
        }
        if (calls.Count == 0)
            throw AnnException.BadInput(path, "", "it holds no captured call.");
        return [.. calls.OrderBy(static call => call.Time)]; // calls are written when they end
    }

    /// <summary>The searches that a call makes.</summary>
    public static IEnumerable<SearchRequest> SearchesOf(CapturedCall call) => call.Method.Split('/')[1] switch
    {
        nameof(Retrieval.RetrievalClient.Search) => [SearchRequest.Parser.ParseFrom(call.Request)],
        nameof(Retrieval.RetrievalClient.SearchMany) => SearchManyRequest.Parser.ParseFrom(call.Request).Searches,
        _ => [],
    };

    /// <summary>A line of bounded length: a file without any takes no more memory than that.</summary>
    private static bool ReadLine(StreamReader reader, StringBuilder line, string path, int number)
    {
        line.Clear();
        int next = reader.Read();
        if (next < 0)
            return false;
        for (; next >= 0 && next != '\n'; next = reader.Read())
        {
            if (line.Length == MostLineChars)
                throw AnnException.BadInput(path, $"line {number}", $"it is longer than {MostLineChars} characters, the most of a call.");
            line.Append((char)next);
        }
        return true;
    }

    private static CapturedCall Parse(string path, string place, string line)
    {
        CapturedCall? call;
        try
        {
            call = JsonSerializer.Deserialize(line, CapturedCallJson.Default.CapturedCall);
        }
        catch (JsonException e)
        {
            throw AnnException.BadInput(path, place, $"it is no captured call: {e.Message}", e);
        }
        if (call is not { Request: not null, Method: not null } || call.Method.Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
            throw AnnException.BadInput(path, place, "it is no captured call: a request is wanted, and method is SERVICE/METHOD.");
        try
        {
            _ = SearchesOf(call).Count();
        }
        catch (InvalidProtocolBufferException e)
        {
            throw AnnException.BadInput(path, place, $"its request is no {call.Method}: {e.Message}", e);
        }
        return call;
    }
}
