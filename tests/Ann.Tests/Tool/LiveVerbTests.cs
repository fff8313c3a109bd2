using System.Text.Json;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Server.Hosting;
using Ann.Tests.Files.Formats;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>Goal: a shell leads a live index through its whole life, and each failure is a line and a number.</summary>
public sealed class LiveVerbTests : IDisposable
{
    private const int Rows = 300;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task RowsComeBackFromALiveIndexAsTheyWentIn()
    {
        string vectors = SampleVectors.Write(_folder, "items.fbin", Rows);
        await using AnnServerHost host = await StartAsync();

        JsonElement created = (await Run(host, "create", "--index", "shop", "--dim", "16", "--metric", "l2", "--json")).Expect(0).Json;
        string[] import = ["import", "--index", "shop", "--input", vectors, "--wait-compacted", "--json"];
        JsonElement imported = (await Run(host, import)).Expect(0).Json;
        JsonElement copied = (await Run(host, "snapshot", "--index", "shop", "--name", "monday", "--json")).Expect(0).Json;
        JsonElement exported = (await ToolRun.RunAsync(
            "export", "--from", _folder["copies/monday"], "--output", _folder["back.fbin"], "--json")).Expect(0).Json;

        Assert.Equal("shop", created.GetProperty("index").GetString());
        Assert.Equal(Rows, imported.GetProperty("rows").GetInt32());
        Assert.Equal(Rows, imported.GetProperty("applied").GetInt32());
        Assert.Equal("row numbers", imported.GetProperty("keys").GetString());
        Assert.True(imported.GetProperty("compacted_seconds").GetDouble() >= imported.GetProperty("seconds").GetDouble());
        Assert.Equal(Rows, copied.GetProperty("log_position").GetInt32());
        Assert.Equal(Rows, exported.GetProperty("rows").GetInt32());
        (KeySidecarHeader header, KeyColumn? keys) = KeySidecar.Read(PhysicalFileSystem.Instance, _folder["back.fbin.keys.jsonl"]);
        Assert.Equal(Rows, header.LogPosition);
        float[] before = TemporaryFolder.ReadAll(vectors);
        float[] after = TemporaryFolder.ReadAll(_folder["back.fbin"]);
        for (int row = 0; row < Rows; row++)
        {
            int origin = (int)keys!.Numbers[row];
            Assert.Equal(before.AsSpan(origin * 16, 16).ToArray(), after.AsSpan(row * 16, 16).ToArray());
        }
        Assert.Equal(Rows, keys!.Numbers.ToArray().Distinct().Count());
        Assert.Equal(["copies", "data"], Directory.GetDirectories(_folder.Root).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task AnExportIsBuiltAttachedPromotedAndRolledBack()
    {
        string vectors = SampleVectors.Write(_folder, "items.fbin", Rows);
        await using AnnServerHost host = await StartAsync();
        (await Run(host, "create", "--index", "shop", "--dim", "16", "--metric", "l2")).Expect(0);
        (await Run(host, "import", "--index", "shop", "--input", vectors)).Expect(0);
        (await Run(host, "snapshot", "--index", "shop", "--name", "monday")).Expect(0);
        (await ToolRun.RunAsync("export", "--from", _folder["copies/monday"], "--output", _folder["back.npy"])).Expect(0);
        string more = SampleVectors.Write(_folder, "more.fbin", Rows + 50, seed: 2); // written after the export
        (await Run(host, "import", "--index", "shop", "--input", more)).Expect(0);
        string[] build = ["build", "--input", _folder["back.npy"], "--metric", "l2", "--output", _folder["data/next.ann"]];
        (await ToolRun.RunAsync(build)).Expect(0);
        using (SealedSegment built = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["data/next.ann"]))
            Assert.Equal(Rows, built.BuildRecord.LogPosition);

        JsonElement attached = (await Run(host, "attach", "--index", "shop", "--file", "next.ann", "--json")).Expect(0).Json;
        string next = attached.GetProperty("generation").GetString()!;
        string[] promote = ["promote", "--index", "shop", "--generation", next];
        ToolRun refused = await Run(host, [.. promote, "--max-p99-ms", "0.001", "--min-recall", "1", "--json"]);
        refused.Expect(ExitCodes.CheckFailed);
        JsonElement promoted = (await Run(host, [.. promote, "--min-recall", "0.8", "--json"])).Expect(0).Json;
        JsonElement back = (await Run(host, "rollback", "--index", "shop", "--json")).Expect(0).Json;
        (await Run(host, "detach", "--index", "shop", "--generation", next)).Expect(0);

        Assert.Equal("standby", attached.GetProperty("role").GetString());
        Assert.Equal(Rows, attached.GetProperty("log_position").GetInt32());
        Assert.Equal(2 * Rows + 50, attached.GetProperty("applied_position").GetInt32());
        Assert.Equal(Rows + 50, attached.GetProperty("items").GetInt32());
        Assert.False(refused.Json.GetProperty("promoted").GetBoolean());
        Assert.Contains("max_p99_ms", refused.Json.GetProperty("unmet").EnumerateArray().Select(u => u.GetProperty("demand").GetString()));
        Assert.Contains("p99", refused.Error);
        Assert.Equal(next, promoted.GetProperty("serving").GetString());
        Assert.True(promoted.GetProperty("recall").GetDouble() >= 0.8);
        Assert.Equal(next, back.GetProperty("replaced").GetString());
        (await Run(host, "promote", "--index", "shop", "--generation", next)).ExpectRefusal("NotFound", next);
    }

    [Fact]
    public async Task AnImportThatComesAgainWritesNothingTwice()
    {
        string vectors = SampleVectors.Write(_folder, "items.fbin", Rows);
        await using AnnServerHost host = await StartAsync();
        (await Run(host, "create", "--index", "shop", "--dim", "16", "--metric", "l2")).Expect(0);
        string[] import = ["import", "--index", "shop", "--input", vectors, "--producer", "items", "--json"];

        JsonElement first = (await Run(host, import)).Expect(0).Json;
        ToolRun again = (await Run(host, import)).Expect(0);

        Assert.Equal(Rows, first.GetProperty("applied").GetInt32());
        Assert.Equal(0, again.Json.GetProperty("applied").GetInt32());
        Assert.Equal(again.Json.GetProperty("blocks").GetInt32(), again.Json.GetProperty("retried_blocks").GetInt32());
        Assert.Contains("every block had been written before", again.Error);
    }

    [Fact]
    public async Task ImportsInsertAndDeleteByTheKeysOfASidecar()
    {
        string items = _folder.Write("items.jsonl", """
            {"id": "m-1", "vector": [1, 0]}
            {"id": "k-1", "vector": [0, 1]}
            {"id": "b-1", "vector": [1, 1]}
            """);
        string gone = _folder.Write("gone.keys.jsonl", """
            {"key_type": "string", "rows": 2, "dimension": 2}
            "k-1"
            "x-9"
            """);
        await using AnnServerHost host = await StartAsync();
        string[] create = ["create", "--index", "shop", "--dim", "2", "--metric", "cosine", "--key-type", "string"];
        (await Run(host, create)).Expect(0);
        (await Run(host, "import", "--index", "shop", "--input", items)).Expect(0);

        string[] insert = ["import", "--index", "shop", "--input", items, "--mode", "insert", "--json"];
        JsonElement inserted = (await Run(host, insert)).Expect(0).Json;
        JsonElement deleted = (await Run(host, "import", "--index", "shop", "--input", gone, "--mode", "delete", "--json")).Expect(0).Json;
        JsonElement compacted = (await Run(host, "compact", "--index", "shop", "--json")).Expect(0).Json;

        Assert.Equal((0, 3), (inserted.GetProperty("applied").GetInt32(), inserted.GetProperty("skipped").GetInt32()));
        Assert.Equal((1, 1), (deleted.GetProperty("applied").GetInt32(), deleted.GetProperty("skipped").GetInt32()));
        Assert.Equal(2, compacted.GetProperty("items").GetInt32());
    }

    [Fact]
    public async Task ASnapshotIsRestoredUnderAnotherNameAndADamagedOneIsNot()
    {
        string vectors = SampleVectors.Write(_folder, "items.fbin", Rows);
        await using (AnnServerHost host = await StartAsync())
        {
            (await Run(host, "create", "--index", "shop", "--dim", "16", "--metric", "l2")).Expect(0);
            (await Run(host, "import", "--index", "shop", "--input", vectors)).Expect(0);
            (await Run(host, "snapshot", "--index", "shop", "--name", "monday")).Expect(0);
            (await Run(host, "drop", "--index", "shop")).Expect(0);
        }
        string[] restore = ["restore", "--from", _folder["copies/monday"], "--data", _folder["data"]];

        (await ToolRun.RunAsync([.. restore, "--name", "again", "--json"])).Expect(0);
        await using (AnnServerHost host = await StartAsync())
            Assert.Equal(Rows, (await Run(host, "compact", "--index", "again", "--json")).Expect(0).Json.GetProperty("items").GetInt32());
        (await ToolRun.RunAsync([.. restore, "--name", "again"])).ExpectRefusal("not empty");
        (await ToolRun.RunAsync([.. restore, "--name", "../out"])).ExpectRefusal("--name");
        (await ToolRun.RunAsync("restore", "--from", _folder.Root, "--data", _folder["data"])).ExpectRefusal("no snapshot");

        string log = Directory.GetFiles(_folder["copies/monday"], "wal-*.log")[0];
        byte[] bytes = await File.ReadAllBytesAsync(log);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(log, bytes);
        ToolRun damaged = (await ToolRun.RunAsync([.. restore, "--name", "third"])).Expect(ExitCodes.CheckFailed);
        Assert.Contains(Path.GetFileName(log), damaged.Error);
        Assert.False(File.Exists(_folder["data/third/MANIFEST"]));
    }

    [Fact]
    public async Task AFileIsExportedWithItsKeys()
    {
        string file = await SampleVectors.BuildAsync(_folder, "items", 50);

        JsonElement report = (await ToolRun.RunAsync("export", "--from", file, "--output", _folder["out.jsonl"], "--json")).Expect(0).Json;

        Assert.Equal(50, report.GetProperty("rows").GetInt32());
        Assert.False(report.TryGetProperty("log_position", out _));
        Assert.Equal(TemporaryFolder.ReadAll(_folder["items.fbin"]), TemporaryFolder.ReadAll(_folder["out.jsonl"]));
        (await ToolRun.RunAsync("export", "--from", _folder["absent.ann"], "--output", _folder["x.fbin"])).ExpectRefusal("absent.ann");
        (await ToolRun.RunAsync("export", "--from", _folder.Root, "--output", _folder["x.fbin"])).ExpectRefusal("no snapshot");
        (await ToolRun.RunAsync("export", "--from", file, "--output", _folder["x.txt"])).ExpectRefusal(".fbin");
        (await ToolRun.RunAsync("export", "--from", file, "--output", _folder["x.u8bin"])).ExpectRefusal(
            $"{file}: item 0: component 0 is ", "which u8bin, uint8, does not hold");
        Assert.Empty(Directory.EnumerateFiles(_folder.Root, "x.*"));
    }

    [Fact]
    public async Task WhatTheServerRefusesIsALine()
    {
        string vectors = SampleVectors.Write(_folder, "items.fbin", 10);
        await using AnnServerHost host = await StartAsync();
        (await Run(host, "create", "--index", "shop", "--dim", "3", "--metric", "l2")).Expect(0);

        (await Run(host, "create", "--index", "shop", "--dim", "3", "--metric", "l2")).ExpectRefusal("AlreadyExists", "shop");
        (await Run(host, "create", "--index", "a/b", "--dim", "3", "--metric", "l2")).ExpectRefusal("InvalidArgument", "a/b");
        (await Run(host, "create", "--index", "x", "--metric", "l2")).ExpectRefusal("--dim");
        (await Run(host, "import", "--index", "shop", "--input", vectors)).ExpectRefusal("InvalidArgument", "Block 10", "dimension 3");
        (await Run(host, "import", "--index", "nobody", "--input", vectors)).ExpectRefusal("NotFound", "nobody");
        (await Run(host, "attach", "--index", "shop", "--file", "../x.ann")).ExpectRefusal("InvalidArgument", "file");
        (await Run(host, "attach", "--index", "shop", "--file", "x.ann", "--log-position", "-1")).ExpectRefusal("--log-position");
        (await Run(host, "rollback", "--index", "shop")).ExpectRefusal("FailedPrecondition", "shop");
        (await Run(host, "promote", "--index", "shop", "--generation", "x", "--min-recall", "2")).ExpectRefusal("--min-recall is 2");
        (await Run(host, "drop", "--index", "nobody")).ExpectRefusal("NotFound", "nobody");
        (await ToolRun.RunAsync("import", "--address", "http://127.0.0.1:1", "--index", "x", "--input", vectors))
            .ExpectRefusal("http://127.0.0.1:1: no server answers");
    }

    private Task<AnnServerHost> StartAsync()
    {
        Directory.CreateDirectory(_folder["data"]);
        return AnnServerHost.StartAsync(options =>
        {
            options.Listen = "127.0.0.1:0";
            options.DataDirectory = _folder["data"];
            options.SnapshotDirectory = _folder["copies"];
            options.EmbeddedEncoder = false;
        }, static _ => { });
    }

    private static Task<ToolRun> Run(AnnServerHost host, params string[] args) =>
        ToolRun.RunAsync([.. args, "--address", host.Address]);
}
