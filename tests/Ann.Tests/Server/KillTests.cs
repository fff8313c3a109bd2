using System.Runtime.InteropServices;
using Ann.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Ann.Tests.Server;

/// <summary>Goal: whatever was acknowledged before a SIGKILL is there after it with its exact vector; no batch is half there.</summary>
[Collection(typeof(ServerTests))]
public sealed class KillTests(SampleIndexes samples, ITestOutputHelper output)
{
    private static readonly int Rounds = Environment.GetEnvironmentVariable("ANN_NIGHTLY") == "1" ? 50 : 5;

    /// <summary>Small heads and a short wait for company: seals, compactions and many commits happen within a round.</summary>
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["Ann__HeadRows"] = "512",
        ["Ann__CommitWindowMs"] = "1",
        ["Ann__LogRetentionBytes"] = "0",
    };

    [Fact]
    public async Task NoAcknowledgedWriteIsLostAndNoBatchIsHalfThere()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        string data = samples.NewDirectory();
        KilledProducer[] producers = [new("stream", 0, seed, streams: true), new("calls", 1_000_000, seed, streams: false)];
        using (ServeProcess server = await ServeProcess.StartAsync(data, Settings))
        {
            using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
            await new Protocol.V1.Indexes.IndexesClient(channel).CreateAsync(
                new CreateRequest { Index = "shop", Dimension = KilledProducer.Dimension, Metric = Metric.L2, M = 8, EfConstruction = 40 });
            await server.KillAsync();
        }

        for (int round = 1; round <= Rounds; round++)
        {
            using ServeProcess server = await ServeProcess.StartAsync(data, Settings);
            using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
            foreach (KilledProducer producer in producers)
                await producer.VerifyAsync(channel, $"seed {seed}, round {round}");
            Task[] writing = [.. producers.Select(producer => producer.WriteUntilItFailsAsync(channel))];
            int enough = producers.Sum(static producer => producer.Acknowledged) + random.Next(1, 400);
            await RunningServer.Eventually(
                () => producers.Sum(static producer => producer.Acknowledged) >= enough || writing.Any(static task => task.IsCompleted),
                "acknowledgements before the kill");
            await server.KillAsync();
            await Task.WhenAll(writing);
        }

        using ServeProcess last = await ServeProcess.StartAsync(data, Settings);
        using GrpcChannel end = GrpcChannel.ForAddress(last.Address);
        foreach (KilledProducer producer in producers)
            await producer.VerifyAsync(end, $"seed {seed}, at the end");
        output.WriteLine($"{Rounds} kills, {producers.Sum(static producer => producer.Acknowledged)} batches acknowledged, none lost");
        Assert.All(producers, static producer => Assert.True(producer.Acknowledged > 0, "it has written"));
    }
}

/// <summary>A client that knows what it wrote: batch n is a function of the seed and n, on keys of its own.</summary>
internal sealed class KilledProducer(string name, ulong firstKey, int seed, bool streams)
{
    public const int Dimension = 8;

    private const int Keys = 200;
    private const int BatchKeys = 20;

    private int _sent;
    private int _acknowledged;

    public int Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Writes until the server is gone.</summary>
    public async Task WriteUntilItFailsAsync(GrpcChannel channel)
    {
        try
        {
            await (streams ? StreamAsync(new Ingest.IngestClient(channel)) : CallAsync(new Ingest.IngestClient(channel)));
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or IOException)
        {
            // Killed.
        }
    }

    /// <summary>The items are those after some batch that was sent, and not before the last acknowledged one.</summary>
    public async Task VerifyAsync(GrpcChannel channel, string when)
    {
        ulong[] all = [.. Enumerable.Range(0, Keys).Select(i => firstKey + (ulong)i)];
        FetchResponse fetched = await new Retrieval.RetrievalClient(channel).FetchAsync(
            new FetchRequest { Index = "shop", Keys = new KeyColumn { Numbers = { all } }, WithVectors = true });
        Dictionary<ulong, float[]> found = [];
        for (int i = 0; i < fetched.Found.Numbers.Count; i++)
            found.Add(fetched.Found.Numbers[i], LiveCalls.RowOf(fetched, i));

        int there = Enumerable.Range(_acknowledged, _sent - _acknowledged + 1).FirstOrDefault(count => Equals(found, After(count)), -1);
        Assert.True(
            there >= 0,
            $"{when}: producer {name} has {_acknowledged} batches acknowledged and {_sent} sent; the items are those after none of them: "
            + Difference(found, After(_acknowledged)));
        // What was written without our hearing of it is known now. The last batch is sent again later: a retry must do no harm.
        _acknowledged = there;
        _sent = there;
    }

    private async Task StreamAsync(Ingest.IngestClient client)
    {
        using AsyncDuplexStreamingCall<WriteFrame, WriteProgress> call = client.Write();
        await call.RequestStream.WriteAsync(
            new WriteFrame { Start = new WriteStart { Index = "shop", Mode = WriteMode.Upsert, Producer = name } });
        Task hearing = HearAsync(call);
        for (int number = Math.Max(1, _acknowledged); !hearing.IsCompleted; number++)
        {
            (KeyColumn keys, VectorBatch? vectors) = Batch(number);
            _sent = Math.Max(_sent, number); // before it leaves: it may be written whatever we hear
            await call.RequestStream.WriteAsync(
                new WriteFrame { Block = new WriteBlock { Sequence = (ulong)number, Keys = keys, Vectors = vectors } });
            await RunningServer.Eventually(() => number - Acknowledged < 64 || hearing.IsCompleted, "credit");
        }
        await hearing;
    }

    private async Task HearAsync(AsyncDuplexStreamingCall<WriteFrame, WriteProgress> call)
    {
        await foreach (WriteProgress progress in call.ResponseStream.ReadAllAsync())
            Volatile.Write(ref _acknowledged, Math.Max(_acknowledged, (int)progress.Visible));
    }

    private async Task CallAsync(Ingest.IngestClient client)
    {
        for (int number = Math.Max(1, _acknowledged); ; number++)
        {
            (KeyColumn keys, VectorBatch? vectors) = Batch(number);
            _sent = Math.Max(_sent, number);
            if (vectors is null)
                await client.DeleteAsync(new DeleteRequest { Index = "shop", Keys = keys, Producer = name, Sequence = (ulong)number });
            else
                await client.UpsertAsync(new UpsertRequest
                {
                    Index = "shop",
                    Keys = keys,
                    Vectors = vectors,
                    Producer = name,
                    Sequence = (ulong)number,
                });
            Volatile.Write(ref _acknowledged, Math.Max(_acknowledged, number));
        }
    }

    /// <summary>Every third batch of the one that calls deletes; a stream has one mode.</summary>
    private bool Deletes(int number) => !streams && number % 3 == 0;

    private ulong[] KeysOf(int number)
    {
        Random random = new(seed ^ number * 7919);
        return [.. Enumerable.Range(0, BatchKeys).Select(_ => firstKey + (ulong)random.Next(Keys)).Distinct()];
    }

    private static float[] RowOf(ulong key, int number)
    {
        float[] row = new float[Dimension];
        row[0] = number;
        row[1] = key;
        for (int i = 2; i < row.Length; i++)
            row[i] = (key * 31 + (ulong)number * 17 + (ulong)i * 7) % 1009 / 1009f;
        return row;
    }

    private (KeyColumn Keys, VectorBatch? Vectors) Batch(int number)
    {
        ulong[] keys = KeysOf(number);
        float[] rows = [.. keys.SelectMany(key => RowOf(key, number))];
        return (new KeyColumn { Numbers = { keys } }, Deletes(number) ? null : new VectorBatch
        {
            Dtype = Dtype.F32,
            Dim = Dimension,
            Data = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(rows)),
        });
    }

    /// <summary>By key the batch that wrote it last, after so many batches.</summary>
    private Dictionary<ulong, int> After(int count)
    {
        Dictionary<ulong, int> items = [];
        for (int number = 1; number <= count; number++)
        {
            foreach (ulong key in KeysOf(number))
            {
                if (Deletes(number))
                    items.Remove(key);
                else
                    items[key] = number;
            }
        }
        return items;
    }

    private static bool Equals(Dictionary<ulong, float[]> found, Dictionary<ulong, int> expected) =>
        found.Count == expected.Count
        && expected.All(item => found.TryGetValue(item.Key, out float[]? row) && row.AsSpan().SequenceEqual(RowOf(item.Key, item.Value)));

    private static string Difference(Dictionary<ulong, float[]> found, Dictionary<ulong, int> expected) => string.Join(
        "; ",
        found.Keys.Union(expected.Keys).Order()
            .Where(key => !found.TryGetValue(key, out float[]? row) || !expected.TryGetValue(key, out int number)
                || !row.AsSpan().SequenceEqual(RowOf(key, number)))
            .Take(5)
            .Select(key => $"key {key}: found batch {(found.TryGetValue(key, out float[]? row) ? row[0] : float.NaN)}, "
                + $"expected {expected.GetValueOrDefault(key, -1)}"));
}
