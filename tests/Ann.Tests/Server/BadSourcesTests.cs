using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Tests.Files;
using Grpc.Core;
using IndexState = Ann.Protocol.V1.IndexState;

namespace Ann.Tests.Server;

/// <summary>Goal: one bad file keeps nobody from serving, and nobody waiting. Method: pipes, devices, links, and bad names.</summary>
[Collection(typeof(ServerTests))]
public sealed class BadSourcesTests(SampleIndexes samples)
{
    [Fact]
    public async Task TheOthersServeAndEachIsListedWithTheReason()
    {
        string data = samples.NewDirectory();
        Dictionary<string, string> expected = new(StringComparer.Ordinal) { ["good"] = "" };
        File.Copy(samples.L2, Path.Combine(data, "good.ann"));
        foreach (string name in (string[])["my file", "café", "-x", "._items", "a\nb"])
        {
            File.Copy(samples.L2, Path.Combine(data, name + ".ann"));
            expected[name] = "cannot be an index's name";
        }
        File.CreateSymbolicLink(Path.Combine(data, "dangling.ann"), Path.Combine(data, "nowhere"));
        expected["dangling"] = "a link to nothing";
        if (NamedPipe.TryMake(Path.Combine(data, "pipe.ann")))
        {
            File.CreateSymbolicLink(Path.Combine(data, "zero.ann"), "/dev/zero");
            expected["pipe"] = expected["zero"] = "it is no regular file";
            NamedPipe.TryMake(Path.Combine(Directory.CreateDirectory(Path.Combine(data, "live")).FullName, IndexSource.ManifestName));
        }

        await using RunningServer server = await LiveCalls.StartAsync(samples, data);
        for (int i = 1; i < expected.Count; i++)
            server.Log.Expect("cannot be served from " + data);

        ListResponse list = await server.Indexes.ListAsync(new ListRequest());
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), list.Indexes.Select(static index => index.Name));
        foreach (IndexDescription index in list.Indexes)
        {
            Assert.Equal(index.Name == "good" ? IndexState.Serving : IndexState.Failed, index.State);
            Assert.Contains(expected[index.Name], index.Failure, StringComparison.Ordinal);
            Assert.DoesNotContain(data, index.Failure, StringComparison.Ordinal);
        }
        Assert.Equal([7ul], (await LiveCalls.FetchAsync(server, "good", 7)).Found.Numbers);
        RpcException e = await LiveCalls.Fails(server.Retrieval.SearchAsync(RunningServer.Request(samples, "my file")));
        Assert.Equal(StatusCode.DataLoss, e.StatusCode);
    }

    [Fact]
    public async Task WhatIsNoFileIsNotAttached()
    {
        string data = samples.NewDirectory();
        string import = samples.NewDirectory();
        if (!NamedPipe.TryMake(Path.Combine(import, "pipe.ann")))
            return;
        File.CreateSymbolicLink(Path.Combine(import, "zero.ann"), "/dev/zero");
        await using RunningServer server = await LiveCalls.StartAsync(samples, data, options => options.ImportDirectory = import);
        await LiveCalls.CreateAsync(server);
        foreach (string file in (string[])["pipe.ann", "zero.ann"])
        {
            RpcException e = await LiveCalls.Fails(server.Indexes.AttachAsync(new AttachRequest { Index = "shop", File = file }));
            Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
            Assert.Contains("it is no regular file", e.Status.Detail, StringComparison.Ordinal);
        }
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1));
        Assert.Empty(Directory.GetFiles(Path.Combine(data, "shop"), "seg-*"));
    }

    /// <summary>Each file of a live index in turn.</summary>
    [Fact]
    public async Task APipeInThePlaceOfAFileOfALiveIndexFailsItAlone()
    {
        string data = samples.NewDirectory();
        await using (RunningServer server = await LiveCalls.StartAsync(samples, data))
        {
            await LiveCalls.CreateAsync(server);
            await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1, 2, 3));
            await server.Indexes.CompactAsync(new CompactRequest { Index = "shop" });
            await server.Ingest.DeleteAsync(new DeleteRequest { Index = "shop", Keys = LiveCalls.Keys(1) });
            await server.Ingest.AppendToSetAsync(new AppendToSetRequest { Index = "shop", Set = "seen", Keys = LiveCalls.Keys(2) });
        }
        string shop = Path.Combine(data, "shop");
        string[] names = [.. Directory.GetFiles(shop).Select(static path => Path.GetFileName(path)).Where(static name => name != "LOCK")];
        Assert.True(names.Length >= 4, string.Join(", ", names));
        foreach (string name in names.Where(static name => name != IndexSource.ManifestName))
        {
            string copy = samples.NewDirectory();
            Directory.CreateDirectory(Path.Combine(copy, "shop"));
            foreach (string other in names)
                File.Copy(Path.Combine(shop, other), Path.Combine(copy, "shop", other));
            File.Copy(samples.L2, Path.Combine(copy, "good.ann"));
            if (!NamedPipe.TryMake(Path.Combine(copy, "shop", name)))
                return;

            await using RunningServer server = await LiveCalls.StartAsync(samples, copy);
            server.Log.Expect(name);
            Assert.Equal([7ul], (await LiveCalls.FetchAsync(server, "good", 7)).Found.Numbers);
        }
    }

    [Fact]
    public void RegularFilesAreToldFromWhatLooksLikeThem()
    {
        string directory = samples.NewDirectory();
        string pipe = Path.Combine(directory, "pipe");
        string link = Path.Combine(directory, "link");
        File.CreateSymbolicLink(link, samples.L2);
        PhysicalFileSystem files = PhysicalFileSystem.Instance;

        Assert.True(files.IsRegularFile(samples.L2));
        Assert.True(files.IsRegularFile(link));
        Assert.False(files.IsRegularFile(directory));
        Assert.False(files.IsRegularFile(Path.Combine(directory, "nothing")));
        if (!NamedPipe.TryMake(pipe))
            return;
        Assert.False(files.IsRegularFile(pipe));
        Assert.False(files.IsRegularFile("/dev/zero"));
        Assert.False(files.IsRegularFile("/dev/null"));
        files.LockToRead(pipe).Dispose();
    }
}
