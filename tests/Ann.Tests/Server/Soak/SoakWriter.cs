using Ann.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Ann.Tests.Server.Soak;

/// <summary>A caller that writes keys of its own, one call or one stream after another, and looks for what was acknowledged.</summary>
/// <param name="channel">To the server.</param>
/// <param name="model">Of the index.</param>
/// <param name="tally">Where it is told.</param>
/// <param name="number">Of the writer: it has the keys that leave this remainder.</param>
/// <param name="of">Writers there are.</param>
/// <param name="seed">Of the run.</param>
internal sealed class SoakWriter(GrpcChannel channel, SoakModel model, SoakTally tally, int number, int of, int seed)
{
    private readonly Random _random = SoakItem.Chance(seed, number, 3);
    private readonly Retrieval.RetrievalClient _retrieval = new(channel);
    private readonly Ingest.IngestClient _ingest = new(channel);
    private ulong _sequence;
    private (WriteFrame Frame, bool Deletes)? _last;
    private long _searched;
    private long _foundFirst;

    /// <summary>Share of the items which a search for their own row put first as soon as they were acknowledged.</summary>
    public double FoundAtOnce => _searched == 0 ? 1 : _foundFirst / (double)_searched;

    /// <summary>Puts all its keys, for a start.</summary>
    public async Task FillAsync()
    {
        IEnumerable<ulong> own = Enumerable.Range(0, model.Keys).Where(key => key % of == number).Select(static key => (ulong)key);
        foreach (ulong[] keys in own.Chunk(500))
            await UpsertAsync("upsert, at first", keys);
    }

    /// <summary>Writes by calls until it is told to end.</summary>
    public async Task CallAsync(Func<bool> goesOn)
    {
        while (goesOn())
        {
            ulong[] keys = Own(_random.Next(1, 40));
            if (_random.Next(10) < 3)
                await DeleteAsync(keys);
            else
                await UpsertAsync("upsert", keys);
        }
    }

    /// <summary>Writes by streams until it is told to end.</summary>
    public async Task StreamAsync(Func<bool> goesOn)
    {
        while (goesOn())
            await StreamAsync(_random.Next(10) < 3);
    }

    private ulong[] Own(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (ulong)(_random.Next(model.Keys / of) * of + number)).Distinct()];

    private async Task UpsertAsync(string kind, ulong[] keys)
    {
        SoakItem[] items = model.Begin(keys);
        UpsertRequest request = new() { Index = SoakReader.Index, Keys = LiveCalls.Keys(keys), Vectors = Rows(items) };
        request.Attributes.Add(SoakItem.Columns(items));
        if (await tally.RunAsync(kind, async () => await _ingest.UpsertAsync(request, deadline: SoakReader.Due)) is not { } done)
            return;
        tally.Require(done.Applied == (ulong)keys.Length, kind, () => $"{done.Applied} of {keys.Length} items applied");
        model.Put(items);
        if (_random.Next(4) == 0)
            await LookAsync(items[_random.Next(items.Length)]);
    }

    private async Task DeleteAsync(ulong[] keys)
    {
        model.Begin(keys);
        DeleteRequest request = new() { Index = SoakReader.Index, Keys = LiveCalls.Keys(keys) };
        if (await tally.RunAsync("delete", async () => await _ingest.DeleteAsync(request, deadline: SoakReader.Due)) is not { } done)
            return;
        tally.Require(done.Applied + done.Skipped == (ulong)keys.Length, "delete", () => $"{done} of {keys.Length} items");
        model.Remove(keys);
    }

    /// <summary>What was acknowledged is fetched as it is, and a search finds it.</summary>
    private async Task LookAsync(SoakItem item)
    {
        FetchRequest fetch = new() { Index = SoakReader.Index, Keys = LiveCalls.Keys(item.Key), WithVectors = true };
        FetchResponse? found = await tally.RunAsync(
            "fetch what was written", async () => await _retrieval.FetchAsync(fetch, deadline: SoakReader.Due));
        if (found is not null)
        {
            tally.Require(
                found.Found.Numbers.Count == 1 && LiveCalls.RowOf(found, 0).AsSpan().SequenceEqual(item.Row),
                "fetch what was written", () => $"key {item.Key} is not its version {item.Version}");
        }
        SearchRequest search = new() { Index = SoakReader.Index, K = 10, Queries = RunningServer.Bytes(item.Row) };
        if (await tally.RunAsync("search what was written", async () => await _retrieval.SearchAsync(search, deadline: SoakReader.Due))
            is not { } answer)
            return;
        _searched++;
        if (answer.Keys.Numbers.FirstOrDefault(ulong.MaxValue) == item.Key)
            _foundFirst++;
    }

    private async Task StreamAsync(bool deletes)
    {
        string kind = deletes ? "write stream, deletes" : "write stream, upserts";
        ulong[][] blocks = [.. Own(_random.Next(20, 400)).Chunk(_random.Next(10, 80))];
        SoakItem[][] items = [.. blocks.Select(model.Begin)];
        List<WriteFrame> frames = [LiveCalls.Start(SoakReader.Index, deletes ? WriteMode.Delete : WriteMode.Upsert, $"writer-{number}")];
        // Now and then the last block of the stream before comes again, as of somebody who did not hear of its end.
        bool isRetried = _last is { } last && last.Deletes == deletes && _random.Next(4) == 0;
        if (isRetried)
            frames.Add(_last!.Value.Frame);
        foreach ((int i, ulong[] keys) in blocks.Index())
        {
            WriteBlock block = new() { Sequence = ++_sequence, Keys = LiveCalls.Keys(keys) };
            if (!deletes)
            {
                block.Vectors = Rows(items[i]);
                block.Attributes.Add(SoakItem.Columns(items[i]));
            }
            frames.Add(new WriteFrame { Block = block });
        }
        _last = (frames[^1], deletes);
        if (await tally.RunAsync(kind, () => SendAsync(frames)) is not { } progress)
            return;
        tally.Require(progress.Visible == _sequence, kind, () => $"{progress} after block {_sequence}");
        tally.Require(progress.Retried == (isRetried ? 1ul : 0), kind, () => $"{progress.Retried} blocks were known");
        foreach (SoakItem[] block in items)
        {
            if (deletes)
                model.Remove(block.Select(static item => item.Key));
            else
                model.Put(block);
        }
    }

    private async Task<WriteProgress> SendAsync(List<WriteFrame> frames)
    {
        using AsyncDuplexStreamingCall<WriteFrame, WriteProgress> call = _ingest.Write(deadline: SoakReader.Due);
        Task<List<WriteProgress>> hearing = LiveCalls.HearAsync(call);
        try
        {
            foreach (WriteFrame frame in frames)
                await call.RequestStream.WriteAsync(frame);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // The server has ended the call; the answers tell why.
        }
        return (await hearing)[^1];
    }

    private static VectorBatch Rows(SoakItem[] items) => RunningServer.Bytes([.. items.Select(static item => item.Row)]);
}
