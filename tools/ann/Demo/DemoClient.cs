using System.Diagnostics;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Tool.Evaluation;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Demo;

/// <summary>Asks the demonstration's server over the network, as any client would, and measures its answers.</summary>
internal sealed class DemoClient(ServerConnection server, string index, IReadOnlyList<Product> products)
{
    private const int ShownResults = 5;
    private const int RecallK = 10;

    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(0.7);
    private static readonly TimeSpan LatencyTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LoadTime = TimeSpan.FromSeconds(2);

    /// <summary>The five best items of each text.</summary>
    public async Task<List<QueryAnswer>> AskAsync(IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        Dictionary<string, Product> byKey = products.ToDictionary(product => product.Key);
        SearchRequest request = new() { Index = index, K = ShownResults, Texts = { texts } };
        SearchResponse found = await server.SearchAsync(request, cancellation);
        return
        [
            .. texts.Select((text, row) => new QueryAnswer(text,
            [
                .. SearchAnswers.Hits(found, row, new Dictionary<string, string>()).Select(hit => hit with
                {
                    Title = byKey[hit.Key].Title,
                    Price = byKey[hit.Key].PriceInCents / 100m,
                }),
            ])),
        ];
    }

    /// <summary>Share of the exact ten nearest that come back; items that tie with the tenth count.</summary>
    public async Task<double> RecallAsync(IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        SearchRequest request = await RequestAsync(texts, RecallK, cancellation);
        SearchResponse found = await server.SearchAsync(request, cancellation);
        request.Exact = true;
        SearchResponse exact = await server.SearchAsync(request, cancellation);

        int right = 0;
        for (int row = 0; row < texts.Count; row++)
        {
            double[] scores = ScoresOf(exact, row);
            TieAwareRecall truth = TieAwareRecall.Of(scores, scale: 1); // similarities of unit vectors, negated: smaller is nearer
            double[] answer = ScoresOf(found, row);
            right += truth.CountRight(answer.Count(truth.IsNearer), answer.Count(truth.IsTied));
        }
        return (double)right / exact.Scores.Count;
    }

    private static double[] ScoresOf(SearchResponse response, int row) =>
    [
        .. Enumerable.Range((int)response.RowOffsets[row], (int)(response.RowOffsets[row + 1] - response.RowOffsets[row]))
            .Select(i => -(double)response.Scores[i]),
    ];

    /// <summary>Time of single searches by one caller, and searches a second by several at once. Texts are encoded beforehand.</summary>
    public async Task<(double P50Us, double P99Us, double Qps)> LoadAsync(
        IReadOnlyList<string> texts, int callers, CancellationToken cancellation)
    {
        SearchRequest all = await RequestAsync(texts, RecallK, cancellation);
        SearchRequest[] requests =
        [
            .. Enumerable.Range(0, texts.Count).Select(row => new SearchRequest
            {
                Index = index,
                K = RecallK,
                Queries = ServerConnection.RowOf(all.Queries, row),
                EncoderFingerprint = all.EncoderFingerprint,
            }),
        ];
        await CallAsync(requests, 0, WarmUpTime, cancellation);
        List<long> times = await CallAsync(requests, 0, LatencyTime, cancellation);
        (_, double p50, double p99) = LatencySamples.Of(times).Summarise();

        long start = Stopwatch.GetTimestamp();
        List<long>[] loaded = await Task.WhenAll(Enumerable.Range(0, callers).Select(
            caller => Task.Run(() => CallAsync(requests, caller * requests.Length / callers, LoadTime, cancellation), cancellation)));
        double qps = loaded.Sum(calls => calls.Count) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        return (p50, p99, qps);
    }

    private async Task<List<long>> CallAsync(SearchRequest[] requests, int first, TimeSpan time, CancellationToken cancellation)
    {
        List<long> times = [];
        long start = Stopwatch.GetTimestamp();
        for (int i = first; Stopwatch.GetElapsedTime(start) < time; i++)
        {
            long began = Stopwatch.GetTimestamp();
            await server.SearchAsync(requests[i % requests.Length], cancellation);
            times.Add(Stopwatch.GetTimestamp() - began);
        }
        return times;
    }

    private async Task<SearchRequest> RequestAsync(IReadOnlyList<string> texts, int k, CancellationToken cancellation)
    {
        EmbedResponse embedded = await server.EmbedAsync(index, texts, cancellation);
        return new SearchRequest
        {
            Index = index,
            K = (uint)k,
            Queries = embedded.Vectors,
            EncoderFingerprint = embedded.EncoderFingerprint,
        };
    }
}
