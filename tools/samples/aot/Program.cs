using System.Diagnostics;
using System.Globalization;
using Ann.Client;
using Ann.Protocol.V1;
using Grpc.Core;

namespace Ann.Samples.Aot;

/// <summary>
/// Searches for what is like an item, and prints the hits: the client compiled ahead of time, in one file without a runtime beside it.
/// </summary>
internal static class Program
{
    private const int Usage = 2;

    private static async Task<int> Main(string[] args)
    {
        if (args.Length is < 3 or > 4 || (args.Length == 4 && !int.TryParse(args[3], CultureInfo.InvariantCulture, out _)))
        {
            await Console.Error.WriteLineAsync("Usage: Ann.Samples.Aot ADDRESS INDEX KEY [K], as http://127.0.0.1:50051 products 17 5");
            return Usage;
        }
        try
        {
            using AnnClient client = new(args[0]);
            await PrintLikeAsync(client.Index(args[1]), args[2], args.Length == 4 ? int.Parse(args[3], CultureInfo.InvariantCulture) : 10);
            return 0;
        }
        catch (RpcException e)
        {
            CallFault fault = CallFault.Of(e);
            await Console.Error.WriteLineAsync($"{fault.Code} {fault.Reason}: {e.Status.Detail}");
            return 1;
        }
        catch (ArgumentException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Usage;
        }
    }

    /// <summary>Fetches the item's vector, searches with it, and prints a line for each hit.</summary>
    private static async Task PrintLikeAsync(IndexClient index, string key, int k)
    {
        IndexDescription description = await index.DescribeAsync();
        ItemKeys keys = description.KeyKind == KeyKind.Uint64 ? ulong.Parse(key, CultureInfo.InvariantCulture) : key;
        FetchResponse item = await index.FetchAsync(keys, withVectors: true);
        if (item.Vectors is null)
            throw new ArgumentException($"No item of {description.Name} has the key '{key}'.");
        float[] vector = item.Vectors.RowAt(0).ToArray();
        using SearchAnswer answer = await index.SearchAsync(new SearchQuery { Vectors = vector, K = k });
        foreach (AnswerHit hit in answer)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{hit.Key} {hit.Score:0.0000}"));
        TimeSpan since = TimeProvider.System.GetLocalNow().DateTime - Process.GetCurrentProcess().StartTime;
        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"{answer.Count} hits, {since.TotalMilliseconds:0} ms after the start of the process"));
    }
}
