using System.Text.Json;
using Ann.Protocol.V1;
using Ann.Tests.Files.Formats;
using Google.Protobuf;
using Grpc.Net.Client;

namespace Ann.Tests.Tool;

/// <summary>Goal: what items carry beside their vectors comes along when an index is written out, built again, or filled.</summary>
public sealed class PayloadVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("items.fbin")]
    [InlineData("items.jsonl")]
    public async Task PayloadsComeAlong(string file)
    {
        await using Serving server = await Serving.StartAsync("--data", _folder["data"], "--snapshots", _folder["copies"]);
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);
        Ingest.IngestClient ingest = new(channel);
        (await RunAsync(server, "create", "--index", "shop", "--dim", "2", "--metric", "cosine")).Expect(0);
        UpsertRequest upsert = new() { Index = "shop", Keys = new KeyColumn(), Vectors = new VectorBatch { Dim = 2, Dtype = Dtype.F32 } };
        for (uint key = 0; key < 300; key++)
        {
            upsert.Keys.Numbers.Add(key);
            upsert.Vectors.Values.AddRange([key + 1f, 3f]);
            upsert.Payloads.Add(Payload(key));
        }
        await ingest.UpsertAsync(upsert);
        (await RunAsync(server, "snapshot", "--index", "shop", "--name", "monday")).Expect(0);
        JsonElement exported = (await ToolRun.RunAsync(
            "export", "--from", _folder["copies/monday"], "--output", _folder[file], "--json")).Expect(0).Json;
        Assert.Equal(_folder[file] + ".payloads", exported.GetProperty("payloads_file").GetString());

        (await ToolRun.RunAsync("build", "--input", _folder[file], "--metric", "cosine", "--output", _folder["data/next.ann"])).Expect(0);
        (await RunAsync(server, "create", "--index", "other", "--dim", "2", "--metric", "cosine")).Expect(0);
        (await RunAsync(server, "import", "--index", "other", "--input", _folder[file])).Expect(0);
        string next = (await RunAsync(server, "attach", "--index", "shop", "--file", "next.ann", "--json")).Expect(0)
            .Json.GetProperty("generation").GetString()!;
        Retrieval.RetrievalClient retrieval = new(channel);
        foreach (string index in new[] { "shop", $"shop@{next}", "other" })
        {
            FetchRequest fetch = new() { Index = index, Keys = upsert.Keys, WithPayloads = true };
            Assert.Equal(upsert.Payloads, (await retrieval.FetchAsync(fetch)).Payloads);
        }
    }

    [Fact]
    public async Task ASidecarOfOtherRowsIsRefusedAndRowsThatAreLeftOutTakeTheirsAlong()
    {
        string items = _folder.Write("items.jsonl", """
            {"id": 1, "vector": [1, 0]}
            {"id": 2, "vector": [0, 0]}
            {"id": 3, "vector": [0, 1]}
            """);
        ulong hash = System.IO.Hashing.XxHash3.HashToUInt64(
            System.Runtime.InteropServices.MemoryMarshal.AsBytes([1f, 0, 0, 0, 0, 1]));
        string[] build =
            ["build", "--input", items, "--metric", "cosine", "--output", _folder["items.ann"], "--zero-rows", "skip"];
        WriteSidecar(3, hash + 1);
        (await ToolRun.RunAsync(build)).ExpectRefusal("items.jsonl.payloads", "other rows");
        WriteSidecar(2, hash);
        (await ToolRun.RunAsync(build)).ExpectRefusal("describes 2 rows");
        WriteSidecar(3, hash);
        (await ToolRun.RunAsync(build)).Expect(0);
        (await ToolRun.RunAsync("export", "--from", _folder["items.ann"], "--output", _folder["back.fbin"])).Expect(0);
        using Core.Files.Formats.PayloadSidecar back =
            Core.Files.Formats.PayloadSidecar.Open(Core.Files.PhysicalFileSystem.Instance, _folder["back.fbin.payloads"]);
        Assert.Equal((2L, (byte)10, (byte)12), (back.Rows, back[0][0], back[1][0]));

        void WriteSidecar(int rows, ulong rowsHash) => Core.Files.Formats.PayloadSidecar.Write(
            Core.Files.PhysicalFileSystem.Instance, items + ".payloads", rows, rowsHash, static row => new[] { (byte)(row + 10) });
    }

    private static Task<ToolRun> RunAsync(Serving server, params string[] verb) =>
        ToolRun.RunAsync([verb[0], "--address", server.Address, .. verb[1..]]);

    private static ByteString Payload(uint key) =>
        key % 4 == 0 ? ByteString.Empty : ByteString.CopyFromUtf8(new string('x', (int)key * 3));
}
