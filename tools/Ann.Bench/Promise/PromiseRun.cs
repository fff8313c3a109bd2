using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Hosting;
using Ann.Tool;
using Ann.Tool.Evaluation;
using Ann.Tool.Remote;
using Google.Protobuf;
using Grpc.Net.Client;

namespace Ann.Bench.Promise;

/// <summary>
/// Asks a server over the loopback as users do, from its first query on, and compares the recall that was asked for, that its answers
/// tell, and that they have. Each kind of request meets a fresh server, which has learnt nothing.
/// </summary>
internal sealed class PromiseRun(ToolContext tool, PromiseRequest request, CancellationToken cancellation)
{
    private const int First = 50;

    /// <summary>Runs all of it, a line for each kind of request.</summary>
    public async Task<bool> RunAsync()
    {
        PromiseIndex.Require(tool, request, cancellation);
        tool.Out.WriteLine(Machine.Describe(tool.Files).ToText());
        tool.Out.WriteLine(
            $"{"target",8}{"k",5}{"filter",8}{"%",4} | {"first 50",9}{"traffic",9}{"judged",8} | {"told",7}{"error",7}{"classes",8} | "
            + $"{"ef 50",7}{"ef",7}{"scans",7}{"beyond",7}");
        bool isKept = true;
        List<(PromiseFilter Filter, int Share)> filters = [(PromiseFilter.None, 100)];
        foreach (int share in request.Shares)
            filters.AddRange([(PromiseFilter.Random, share), (PromiseFilter.Sided, share)]);
        foreach ((PromiseFilter filter, int share) in filters)
        {
            foreach (int k in request.Ks)
            {
                List<double?> targets = [.. request.Targets.Select(static target => (double?)target)];
                if (filter != PromiseFilter.None)
                    targets.Add(null);
                foreach (double? target in targets)
                {
                    PromiseCell cell = await MeasureAsync(target, k, filter, share);
                    Print(cell);
                    isKept &= cell.IsKept;
                }
            }
        }
        return isKept;
    }

    private async Task<PromiseCell> MeasureAsync(double? target, int k, PromiseFilter filter, int share)
    {
        await using AnnServerHost host = await AnnServerHost.StartAsync(
            options =>
            {
                options.Listen = "127.0.0.1:0";
                options.IndexFiles.Add(request.Index);
                options.EmbeddedEncoder = false;
            },
            ServerLog.Quiet, cancellation);
        using GrpcChannel channel = GrpcChannel.ForAddress(host.Address);
        Retrieval.RetrievalClient client = new(channel);
        IndexDescription index = (await new Indexes.IndexesClient(channel).ListAsync(
            new ListRequest(), cancellationToken: cancellation)).Indexes[0];
        QuerySet queries = QuerySet.Load(tool, request.Queries, request.Index, (int)index.Dimension);
        SearchRequest asked = new() { Index = index.Name, K = (uint)k, Filter = PromiseIndex.FilterOf(filter, share) };
        PromiseTally first = new();
        PromiseTally traffic = new();
        PromiseTally judged = new();
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < request.Traffic + request.Judged; i++)
        {
            SearchRequest one = asked.Clone();
            one.Queries = Batch(queries[i % queries.Count]);
            if (target is { } wanted)
                one.RecallTarget = (float)wanted;
            TimeSpan early = TimeSpan.FromSeconds((double)i / request.Rate) - Stopwatch.GetElapsedTime(began);
            if (early > TimeSpan.Zero)
                await Task.Delay(early, cancellation);
            SearchResponse answer = await client.SearchAsync(one, cancellationToken: cancellation);
            one.ClearRecallTarget();
            one.Exact = true;
            SearchResponse exact = await client.SearchAsync(one, cancellationToken: cancellation);
            double recall = RecallOf(answer, exact);
            if (i < First)
                first.Add(answer, recall);
            (i < request.Traffic ? traffic : judged).Add(answer, recall);
        }
        return new PromiseCell(target, k, filter, share, first.Figures, traffic.Figures, judged.Figures);
    }

    private static VectorBatch Batch(ReadOnlySpan<float> query) => new()
    {
        Dtype = Dtype.F32,
        Dim = (uint)query.Length,
        Data = ByteString.CopyFrom(MemoryMarshal.AsBytes(query)),
    };

    /// <summary>By scores. Keys of one answer are distinct.</summary>
    private double RecallOf(SearchResponse answer, SearchResponse exact)
    {
        double sign = request.Metric.LargerIsNearer() ? -1 : 1;
        TieAwareRecall right = TieAwareRecall.Of([.. exact.Scores.Select(score => sign * score)]);
        int nearer = answer.Scores.Count(score => right.IsNearer(sign * score));
        int tied = answer.Scores.Count(score => right.IsTied(sign * score));
        return right.Wanted == 0 ? 1 : (double)right.CountRight(nearer, tied) / right.Wanted;
    }

    private void Print(PromiseCell cell)
    {
        PromiseFigures judged = cell.Judged;
        tool.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{cell.Target?.ToString(CultureInfo.InvariantCulture) ?? "-",8}{cell.K,5}{cell.Filter,8}{cell.Share,4} | "
            + $"{cell.First.Recall,9:F4}{cell.Traffic.Recall,9:F4}{judged.Recall,8:F4} | {judged.Estimate,7:F4}"
            + $"{judged.Estimate - judged.RecallOfEstimated,7:F3}{judged.Error,8:F3} | {cell.First.Ef,7:F0}{judged.Ef,7:F0}"
            + $"{judged.Scans,7:F2}{judged.OutOfReach,7:F2}{(cell.IsKept ? "" : "  NOT KEPT")}"));
        tool.Out.Flush();
    }
}
