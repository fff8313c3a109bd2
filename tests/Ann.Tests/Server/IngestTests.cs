using Ann.Protocol.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: an answered write is seen by the next read, whole; a wrong one says what is wrong and changes nothing.</summary>
[Collection(typeof(ServerTests))]
public sealed class IngestTests(SampleIndexes samples)
{
    /// <summary>What is wrong, how the good request is spoilt, the field blamed, words of the message.</summary>
    public static TheoryData<string, Action<UpsertRequest>, string, string> Mistakes => new()
    {
        { "no keys", r => r.Keys = null, "keys", "empty" },
        { "keys of the other kind", r => r.Keys = new KeyColumn { Texts = { "a", "b" } }, "keys", "'shop' has numbers as keys" },
        { "keys of both kinds", r => r.Keys.Texts.Add("a"), "keys", "both numbers and texts" },
        { "no vectors", r => r.Vectors = null, "vectors", "no vector" },
        { "another dimension", r => r.Vectors = RunningServer.Bytes([1, 2], [3, 4]), "vectors", "dimension 8; found 2" },
        { "fewer rows than keys", r => r.Vectors = RunningServer.Bytes(LiveCalls.Row(1)), "vectors", "1 rows; keys hold 2" },
        { "part of a row", r => r.Vectors.Data = ByteString.CopyFrom(new byte[33]), "vectors", "33 bytes" },
        { "NaN", r => r.Vectors = RunningServer.Bytes(new float[8], [.. new float[7], float.NaN]), "vectors", "row 1, component 7 is NaN" },
        { "deleting", r => r.Mode = WriteMode.Delete, "mode", "Call Delete" },
        { "unknown mode", r => r.Mode = (WriteMode)9, "mode", "mode is 9" },
        { "producer alone", r => r.Producer = "p", "sequence", "belong together" },
        { "sequence alone", r => r.Sequence = 1, "producer", "belong together" },
        { "sequence 0", r => (r.Producer, r.Sequence) = ("p", 0), "sequence", "the first one is 1" },
        { "long producer", r => (r.Producer, r.Sequence) = (new string('é', 65), 1), "producer", "130 bytes" },
        { "no index", r => r.Index = "", "index", "empty" },
    };

    [Fact]
    public async Task WhatWasWrittenIsFoundAndFetchedAtOnce()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);

        UpsertResponse written = await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1, 2, 3));
        FetchResponse fetched = await LiveCalls.FetchAsync(server, "shop", 3, 9, 1);
        SearchResponse found = await server.Retrieval.SearchAsync(
            new SearchRequest { Index = "shop", K = 2, Queries = RunningServer.Bytes(LiveCalls.Row(2)) });

        Assert.Equal((3ul, 0ul, false), (written.Applied, written.Skipped, written.IsRetry));
        Assert.Equal([3ul, 1ul], fetched.Found.Numbers);
        Assert.Equal([9ul], fetched.Missing.Numbers);
        Assert.Equal(LiveCalls.Row(3), LiveCalls.RowOf(fetched, 0));
        Assert.Equal(LiveCalls.Row(1), LiveCalls.RowOf(fetched, 1));
        Assert.Equal(2ul, found.Keys.Numbers[0]);
        Assert.Equal(found.Generation, fetched.Generation);
    }

    [Fact]
    public async Task AnUpsertReplacesAnInsertLeavesAndADeleteRemoves()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1, 2));

        UpsertResponse replaced = await server.Ingest.UpsertAsync(LiveCalls.Upsert(7, 1));
        UpsertRequest insert = LiveCalls.Upsert(8, 1, 2, 3);
        insert.Mode = WriteMode.InsertOnly;
        UpsertResponse inserted = await server.Ingest.UpsertAsync(insert);
        UpsertResponse nothingNew = await server.Ingest.UpsertAsync(insert);
        DeleteResponse deleted = await server.Ingest.DeleteAsync(new DeleteRequest { Index = "shop", Keys = LiveCalls.Keys(2, 44) });
        FetchResponse left = await LiveCalls.FetchAsync(server, "shop", 1, 2, 3);

        Assert.Equal((1ul, 0ul), (replaced.Applied, replaced.Skipped));
        Assert.Equal((1ul, 2ul), (inserted.Applied, inserted.Skipped));
        Assert.Equal((0ul, 3ul, false), (nothingNew.Applied, nothingNew.Skipped, nothingNew.IsRetry));
        Assert.Equal((1ul, 1ul), (deleted.Applied, deleted.Skipped));
        Assert.Equal([1ul, 3ul], left.Found.Numbers);
        Assert.Equal(LiveCalls.Row(1, 7), LiveCalls.RowOf(left, 0));
        Assert.Equal(LiveCalls.Row(3, 8), LiveCalls.RowOf(left, 1));
    }

    [Fact]
    public async Task ARetryOfAProducerChangesNothing()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        UpsertRequest first = LiveCalls.Upsert(0, 1);
        (first.Producer, first.Sequence) = ("feed", 5);
        await server.Ingest.UpsertAsync(first);
        await server.Ingest.DeleteAsync(new DeleteRequest { Index = "shop", Keys = LiveCalls.Keys(1), Producer = "feed", Sequence = 6 });

        UpsertResponse again = await server.Ingest.UpsertAsync(first);

        Assert.True(again.IsRetry);
        Assert.Equal(0ul, again.Applied);
        Assert.Equal([1ul], (await LiveCalls.FetchAsync(server, "shop", 1)).Missing.Numbers);
    }

    [Theory]
    [MemberData(nameof(Mistakes), DisableDiscoveryEnumeration = true)]
    public async Task AMistakeNamesItsFieldAndWritesNothing(string mistake, Action<UpsertRequest> spoil, string field, string words)
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        UpsertRequest request = LiveCalls.Upsert(0, 1, 2);
        spoil(request);

        RpcException e = await LiveCalls.Fails(server.Ingest.UpsertAsync(request));

        Assert.True(e.StatusCode == StatusCode.InvalidArgument, $"{mistake}: {e}");
        Assert.Equal(field, Assert.Single(ErrorTests.Detail<BadRequest>(e).FieldViolations).Field);
        Assert.Contains(words, e.Status.Detail, StringComparison.Ordinal);
        Assert.Empty((await LiveCalls.FetchAsync(server, "shop", 1, 2)).Found.Numbers);
    }

    [Fact]
    public async Task TextKeysAreWrittenFoundAndFetched()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server, change: request => request.KeyKind = KeyKind.String);
        KeyColumn keys = new() { Texts = { "größe", "b" } };

        await server.Ingest.UpsertAsync(new UpsertRequest
        {
            Index = "shop",
            Keys = keys,
            Vectors = RunningServer.Floats(LiveCalls.Row(1), LiveCalls.Row(2)),
        });
        FetchResponse fetched = await server.Retrieval.FetchAsync(new FetchRequest { Index = "shop", Keys = keys });
        RpcException tooLong = await LiveCalls.Fails(server.Retrieval.FetchAsync(
            new FetchRequest { Index = "shop", Keys = new KeyColumn { Texts = { "a", new string('x', 257) } } }));

        Assert.Equal(["größe", "b"], fetched.Found.Texts);
        Assert.Null(fetched.Vectors);
        Assert.Equal(StatusCode.InvalidArgument, tooLong.StatusCode);
        Assert.Contains("row 1", tooLong.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFileIsReadOnlyAndSaysSo()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        UpsertRequest request = LiveCalls.Upsert(0, 1);
        request.Index = "plain";

        RpcException write = await LiveCalls.Fails(server.Ingest.UpsertAsync(request));
        RpcException drop = await LiveCalls.Fails(server.Indexes.DropAsync(new DropRequest { Index = "plain" }));
        FetchResponse fetched = await LiveCalls.FetchAsync(server, "plain", 5, 100_000);

        Assert.All([write, drop], static e => Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode));
        Assert.All([write, drop], static e => Assert.Contains("'plain' is a file, which is read-only", e.Status.Detail));
        Assert.Equal([5ul], fetched.Found.Numbers);
        Assert.Equal(samples.Rows[5], LiveCalls.RowOf(fetched, 0));
    }

    [Fact]
    public async Task TheEncoderMustBeTheIndexsOwn()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server, change: static r => (r.EncoderFingerprint, r.EncoderName) = (0xABCD, "tower"));
        UpsertRequest own = LiveCalls.Upsert(0, 1);
        own.EncoderFingerprint = 0xABCD;
        UpsertRequest other = LiveCalls.Upsert(0, 2);
        other.EncoderFingerprint = 0xABCE;

        await server.Ingest.UpsertAsync(own);
        RpcException e = await LiveCalls.Fails(server.Ingest.UpsertAsync(other));

        Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode);
        Assert.Equal("encoder_fingerprint", Assert.Single(ErrorTests.Detail<PreconditionFailure>(e).Violations).Subject);
    }

    [Fact]
    public async Task AFullMemoryBudgetRefusesWithTheArithmeticAndSearchesGoOn()
    {
        await using RunningServer server = await LiveCalls.StartAsync(
            samples, samples.NewDirectory(), static options => options.MemoryBudgetBytes = 16 << 20);
        await LiveCalls.CreateAsync(server);
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1));

        RpcException? refused = null;
        for (ulong first = 100; refused is null && first < 400_000; first += 2_000)
        {
            try
            {
                ulong[] keys = [.. Enumerable.Range(0, 2_000).Select(i => first + (ulong)i)];
                await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, keys));
            }
            catch (RpcException e)
            {
                refused = e;
            }
        }

        Assert.NotNull(refused);
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal("memory", Assert.Single(ErrorTests.Detail<QuotaFailure>(refused).Violations).Subject);
        Assert.True(ErrorTests.Detail<RetryInfo>(refused).RetryDelay.ToTimeSpan() > TimeSpan.Zero);
        Assert.Contains("bytes", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal([1ul], (await LiveCalls.FetchAsync(server, "shop", 1)).Found.Numbers);
    }
}
