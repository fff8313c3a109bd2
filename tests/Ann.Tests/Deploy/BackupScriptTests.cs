using System.Diagnostics;
using Ann.Tests.Files.Formats;
using Ann.Tests.House;
using Ann.Tests.Tool;

namespace Ann.Tests.Deploy;

/// <summary>Goal: what <c>engine/deploy/backup/ann-backup</c> took along answers as before when all else is lost.</summary>
public sealed class BackupScriptTests : IDisposable
{
    private static readonly string Script = Path.Combine(TidyTests.Root, "engine", "deploy", "backup", "ann-backup");

    private readonly TemporaryFolder _folder = new();
    private readonly string _ann;

    public BackupScriptTests()
    {
        _ann = _folder.Write("ann", $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "ann.dll")}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_ann, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WhatWasBackedUpAnswersAsBeforeWhenAllElseIsLost()
    {
        SkipWithoutTools();
        string vectors = SampleVectors.Write(_folder, "items.fbin", 200);
        Directory.CreateDirectory(_folder["data"]);
        (await ToolRun.RunAsync("build", "--input", vectors, "--metric", "l2", "--output", _folder["data/built.ann"])).Expect(0);
        string backup;
        string[] before;
        await using (Serving server = await ServeAsync())
        {
            (await Run(server, "create", "--index", "shop", "--dim", "16", "--metric", "l2")).Expect(0);
            (await Run(server, "import", "--index", "shop", "--input", vectors)).Expect(0);
            (await Run(server, "set", "append", "--index", "built", "--set", "seen", "--keys", "3,5")).Expect(0);
            (await Run(server, "set", "append", "--index", "shop", "--set", "seen", "--keys", "4")).Expect(0);
            before = await AnswersAsync(server);
            string keys = _folder.Write("keys.json", "{}");
            Directory.CreateDirectory(_folder["backups/2020-01-01T000000Z"]);
            Directory.CreateDirectory(_folder["backups/2020-01-02T000000Z.partial"]);

            (int code, string said) = await ScriptAsync("create", "--data", _folder["data"], "--snapshots", _folder["snapshots"],
                "--to", _folder["backups"], "--also", keys, "--keep", "1", "--", "--address", server.Address);

            Assert.True(code == 0, said);
            backup = said.Trim();
            Assert.Equal([backup], Directory.GetDirectories(_folder["backups"]));
            Assert.Empty(Directory.GetFileSystemEntries(_folder["snapshots"]));
            Assert.Equal("{}", File.ReadAllText(Path.Combine(backup, "also", "keys.json")));
            string gone = SampleVectors.Write(_folder, "more.fbin", 50, seed: 2);
            (await Run(server, "import", "--index", "shop", "--input", gone)).Expect(0);
        }
        Directory.Delete(_folder["data"], recursive: true);

        (int restored, string told) = await ScriptAsync("restore", backup, "--data", _folder["data"]);

        Assert.True(restored == 0, told);
        Assert.Contains("left to you: keys.json", told, StringComparison.Ordinal);
        await using Serving again = await ServeAsync();
        Assert.Equal(before, await AnswersAsync(again));
        (int refused, string reason) = await ScriptAsync("restore", backup, "--data", _folder["data"]);
        Assert.Equal(2, refused);
        Assert.Contains("not empty", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnIndexThatCannotBeCopiedIsNamedAndNothingIsDeletedForIt()
    {
        SkipWithoutTools();
        Directory.CreateDirectory(_folder["data/torn"]);
        _folder.Write("data/torn/MANIFEST", "no manifest");
        await using Serving server = await ServeAsync();
        (await Run(server, "create", "--index", "shop", "--dim", "4", "--metric", "l2")).Expect(0);
        Directory.CreateDirectory(_folder["backups/2020-01-01T000000Z"]);

        (int code, string said) = await ScriptAsync("create", "--data", _folder["data"], "--snapshots", _folder["snapshots"],
            "--to", _folder["backups"], "--keep", "1", "--", "--address", server.Address);

        Assert.Equal(1, code);
        Assert.Contains("not copied: torn", said, StringComparison.Ordinal);
        string backup = Directory.GetDirectories(_folder["backups"]).Max(StringComparer.Ordinal)!;
        Assert.Equal(2, Directory.GetDirectories(_folder["backups"]).Length);
        Assert.Equal(["shop"], Directory.GetDirectories(Path.Combine(backup, "indexes")).Select(Path.GetFileName));
        Assert.Equal("torn\n", File.ReadAllText(Path.Combine(backup, "FAILED")));
        Directory.Delete(Path.Combine(backup, "data")); // as object storage does, which keeps no empty directory
        Directory.Delete(Path.Combine(backup, "also"));
        (int restored, string told) = await ScriptAsync("restore", backup, "--data", _folder["new"]);
        Assert.True(restored == 0, told);
        Assert.Equal(["shop"], Directory.GetDirectories(_folder["new"]).Select(Path.GetFileName));
    }

    [Fact]
    public async Task ADamagedBackupIsRefusedBeforeAnythingIsWritten()
    {
        SkipWithoutTools();
        Directory.CreateDirectory(_folder["data"]);
        string file = _folder.Write("data/a.ann", "some bytes");
        (int made, string said) = await ScriptAsync(
            "create", "--data", _folder["data"], "--snapshots", _folder["snapshots"], "--to", _folder["backups"]);
        Assert.True(made == 0, said);
        string backup = said.Trim();
        Assert.Equal(0, (await ScriptAsync("verify", backup)).Code);
        File.WriteAllText(Path.Combine(backup, "data", "a.ann"), "other bytes");

        Assert.Equal(1, (await ScriptAsync("verify", backup)).Code);
        Assert.Equal(1, (await ScriptAsync("restore", backup, "--data", _folder["new"])).Code);
        Assert.False(Directory.Exists(_folder["new"]));
        File.Delete(Path.Combine(backup, "SHA256SUMS"));
        (int whole, string reason) = await ScriptAsync("verify", backup);
        Assert.Equal(2, whole);
        Assert.Contains("no whole backup", reason, StringComparison.Ordinal);
        Assert.Equal("some bytes", File.ReadAllText(file));
    }

    private static void SkipWithoutTools() =>
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The script is for machines that have sh and sha256sum.");

    private Task<Serving> ServeAsync() =>
        Serving.StartAsync(
            "--data", _folder["data"], "--snapshots", _folder["snapshots"], "--embedded-encoder", "false", "--warm-up-calls", "0");

    private static Task<ToolRun> Run(Serving server, params string[] args) => ToolRun.RunAsync([.. args, "--address", server.Address]);

    /// <summary>Answers of both indexes, with and without what their sets exclude.</summary>
    private async Task<string[]> AnswersAsync(Serving server)
    {
        string queries = SampleVectors.Write(_folder, "queries.fbin", 3, seed: 3);
        List<string> answers = [];
        foreach (string index in (string[])["built", "shop"])
        {
            foreach (string[] more in (string[][])[[], ["--exclude-set", "seen"]])
            {
                string[] query = ["query", "--index", index, "--vector-file", queries, "--k", "200", "--exact", "--json", .. more];
                answers.Add((await Run(server, query)).Expect(0).Json.GetProperty("queries").GetRawText());
            }
        }
        return [.. answers];
    }

    private async Task<(int Code, string Said)> ScriptAsync(params string[] args)
    {
        ProcessStartInfo start = new("sh", [Script, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ANN"] = _ann;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string said = await process.StandardOutput.ReadToEndAsync() + await errors;
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }
}
