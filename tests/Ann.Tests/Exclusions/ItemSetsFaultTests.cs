using System.Buffers.Binary;
using System.IO.Hashing;
using Ann.Core;
using Ann.Core.Exclusions;
using Ann.Core.Keys;
using Ann.Tests.Files;
using static Ann.Tests.Exclusions.SetFixture;

namespace Ann.Tests.Exclusions;

/// <summary>
/// Goal: an acknowledged append survives a power cut at any moment; a torn tail is cut, damage before it is refused; a failing device
/// never makes a set lie.
/// </summary>
public sealed class ItemSetsFaultTests
{
    private const int Seeds = 8;
    private const int Seed = 91;

    [Fact]
    public async Task AcknowledgedChangesSurviveACutAtAnyOperation()
    {
        SimulatedFileSystem whole = NewFiles();
        long start = whole.Operations;
        await ScriptAsync(whole, []);
        long end = whole.Operations;
        Assert.InRange(end - start, 40, 1000);

        for (long cut = start + 1; cut <= end; cut++)
        {
            SimulatedFileSystem files = NewFiles();
            files.CrashAt(cut);
            List<(string Set, string[] Keys)> acknowledged = [];
            SimulatedCrashException? crash = null;
            try
            {
                await ScriptAsync(files, acknowledged);
            }
            catch (SimulatedCrashException e)
            {
                crash = e;
            }
            // How many changes share a flush is up to the threads: a run may end with fewer operations than the one that was counted.
            // And the compaction after the last change may be cut only while the sets are closed: nobody is told of that.
            Assert.True(crash is not null || files.HasCrashed || files.Operations < cut, $"operation {cut} did not fail");
            for (int seed = 0; seed < Seeds; seed++)
                await CheckAsync(files.Recover(seed), acknowledged, $"{crash?.Message ?? "no crash"}, seed {seed}");
        }
    }

    [Fact]
    public async Task AFullDiskRefusesAndGoesOnLater()
    {
        SimulatedFileSystem files = NewFiles();
        await using ItemSets sets = Open(files);
        files.FreeBytes = 10;
        Assert.Equal(AnnError.Overloaded, (await Fails(sets.AppendAsync("s", Numbers(1), null))).Error);
        files.FreeBytes = 1000;
        await sets.AppendAsync("s", Numbers(1, 2), null);
        files.FreeBytes = 60;
        AnnException e = await Fails(sets.AppendAsync("s", Numbers(3, 4, 5), null));
        Assert.Equal((AnnError.Overloaded, "disk"), (e.Error, e.Field));
        Assert.Equal(["1", "2"], Keys(sets, "s"));
        files.FreeBytes = long.MaxValue / 2;
        await sets.AppendAsync("s", Numbers(6, 3), null);

        Assert.Equal(["1", "2", "6", "3"], Keys(sets, "s"));
        await using ItemSets again = Open(files.Recover(0));
        Assert.Equal(["1", "2", "6", "3"], Keys(again, "s"));
    }

    [Fact]
    public async Task AFailedFlushBreaksTheSetsForWritingOnly()
    {
        SimulatedFileSystem files = NewFiles();
        await using ItemSets sets = Open(files);
        await sets.AppendAsync("s", Numbers(1), null);
        files.FailAt(SimulatedOperation.Flush, 1, "sets.log");

        Assert.Equal(AnnError.Unavailable, (await Fails(sets.AppendAsync("s", Numbers(2), null))).Error);
        Assert.Equal(AnnError.Unavailable, (await Fails(sets.AppendAsync("s", Numbers(3), null))).Error);
        Assert.Equal(AnnError.Unavailable, (await Fails(sets.DropAsync("s"))).Error);
        Assert.Equal(["1"], Keys(sets, "s"));
        Assert.NotNull(sets.Failure);
        await using ItemSets again = Open(files.Recover(0));
        Assert.Equal(["1"], Keys(again, "s"));
    }

    /// <summary>A later flush of the directory above may succeed and say nothing of the failed one.</summary>
    [Fact]
    public async Task ADirectoryThatMayNotBeOnDiskBreaksTheSets()
    {
        SimulatedFileSystem files = new();
        await using ItemSets sets = Open(files);
        files.FailAt(SimulatedOperation.FlushDirectory, 1);

        for (int i = 0; i < 2; i++)
            Assert.Equal(AnnError.Unavailable, (await Fails(sets.AppendAsync("s", Numbers(1), null))).Error);
        Assert.Contains("/shop: the device failed", sets.Failure!.Message, StringComparison.Ordinal);
    }

    /// <summary>The last record may be torn anywhere; what is before it may not be damaged.</summary>
    [Fact]
    public async Task ATornTailIsCutAndDamageBeforeItIsRefused()
    {
        SimulatedFileSystem files = NewFiles();
        await using (ItemSets sets = Open(files))
        {
            await sets.AppendAsync("a", Numbers(1, 2), null);
            await sets.AppendAsync("b", Numbers(3), null);
        }
        byte[] sound = files.ReadAllBytes(LogPath);
        int last = sound.Length - SetRecordHead.Size - 1 - 8;
        Random random = new(Seed);
        for (int i = 0; i < sound.Length; i++)
        {
            byte[] bytes = [.. sound];
            bytes[i] ^= (byte)(1 << random.Next(8));
            if (i >= last)
                await AssertKeysAsync(bytes, $"byte {i}, seed {Seed}", "a: 1 2");
            else
                await AssertCorruptAsync(bytes, $"byte {i}, seed {Seed}");
            // A file cut short is a torn tail at any length: nothing proves that more was there.
            await AssertKeysAsync(sound[..i], $"length {i}", i < last ? null : "a: 1 2");
        }
        await AssertKeysAsync([.. sound, 0, 1, 2], "bytes behind", "a: 1 2", isCut: false);
    }

    [Fact]
    public async Task NothingOfAFileWrittenAnewIsATornTail()
    {
        SimulatedFileSystem files = NewFiles();
        await using (ItemSets sets = Open(files, leastCompacted: 200))
        {
            await sets.AppendAsync("a", Numbers(1, 2), null);
            for (int i = 0; i < 3; i++)
                await sets.DropAsync((await sets.AppendAsync("b", Numbers(3), null)) == 1 ? "b" : "");
        }
        byte[] sound = files.ReadAllBytes(LogPath);
        Assert.Equal(sound.Length, BinaryPrimitives.ReadInt64LittleEndian(sound.AsSpan(16)));
        for (int i = 0; i < sound.Length; i++)
        {
            byte[] bytes = [.. sound];
            bytes[i] ^= 4;
            await AssertCorruptAsync(bytes, $"byte {i}");
            if (i > SetLogHeader.Size)
                await AssertCorruptAsync(sound[..i], $"length {i}");
        }
    }

    /// <summary>The sender mends the hashes.</summary>
    [Theory]
    [InlineData(4, 3)] // kind
    [InlineData(5, 2)] // flags
    [InlineData(6, 0)] // name
    [InlineData(7, 2)]
    [InlineData(8, 3)] // keys
    [InlineData(11, 255)]
    [InlineData(12, 26)] // body
    [InlineData(15, 127)]
    [InlineData(23, 255)] // time
    [InlineData(24, 41)] // flushed
    [InlineData(31, 255)]
    public async Task AFieldDamagedByASenderWhoMendsTheHashIsCorrupt(int place, byte value)
    {
        SimulatedFileSystem files = NewFiles();
        await using (ItemSets sets = Open(files))
            await sets.AppendAsync("a", Numbers(1, 2), null);
        byte[] bytes = files.ReadAllBytes(LogPath);
        Span<byte> head = bytes.AsSpan(SetLogHeader.Size, SetRecordHead.Size);
        head[place] = value;
        BinaryPrimitives.WriteUInt64LittleEndian(head[40..], XxHash3.HashToUInt64(head[..40], seed: 1));
        await AssertCorruptAsync(bytes, $"byte {place} = {value}");
    }

    [Fact]
    public async Task DamageFailsTheSetsAndNothingElse()
    {
        SimulatedFileSystem files = NewFiles();
        files.Put(LogPath, "ANNSETS\n, but not really: forty bytes and more"u8);
        await using ItemSets sets = Open(files);
        Assert.NotNull(sets.Failure);
        foreach (AnnException e in new[]
                 {
                     Assert.Throws<AnnException>(() => sets.Find("s")), await Fails(sets.AppendAsync("s", Numbers(1), null)),
                     await Fails(sets.DropAsync("s")),
                 })
        {
            Assert.Equal(AnnError.Corrupt, e.Error);
            Assert.Contains("/shop/sets.log: section header, byte 32", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("golden-v1.sets", KeyKind.UInt64)]
    [InlineData("golden-v1-text.sets", KeyKind.String)]
    public async Task TheFileOfVersionOneStaysReadable(string golden, KeyKind kind)
    {
        SimulatedFileSystem files = NewFiles();
        ManualTime time = new();
        await using (ItemSets sets = Open(files, time, kind))
        {
            await sets.AppendAsync("seen:user:42", Column(kind, 1, 2), null);
            await sets.AppendAsync("größe", Column(kind, 3), TimeSpan.FromSeconds(60));
            await sets.AppendAsync("gone", Column(kind, 4), null);
            await sets.DropAsync("gone");
            await sets.AppendAsync("seen:user:42", Column(kind, 5), null);
        }
        files.Put(LogPath, GoldenFile.Check("Exclusions/" + golden, files.ReadAllBytes(LogPath)));

        await using ItemSets again = Open(files, time, kind);
        Assert.Equal(["1", "2", "5"], Keys(again, "seen:user:42"));
        Assert.Equal(["3"], Keys(again, "größe"));
        Assert.Null(again.Find("gone"));
        time.Now += TimeSpan.FromSeconds(60);
        Assert.Null(again.Find("größe"));
    }

    private static KeyColumn Column(KeyKind kind, params ulong[] keys)
    {
        KeyColumn column = new(kind);
        foreach (ulong key in keys)
        {
            if (kind == KeyKind.UInt64)
                column.Add(key);
            else
                column.Add($"{key}");
        }
        return column;
    }

    /// <summary>Appends, drops, and a file written anew more than once. The file is small, so every few changes compact it.</summary>
    private static async Task ScriptAsync(SimulatedFileSystem files, List<(string Set, string[] Keys)> acknowledged)
    {
        await using ItemSets sets = Open(files, leastCompacted: 600);
        Dictionary<string, List<string>> model = [];
        for (ulong round = 0; round < 14; round++)
        {
            string name = $"s{round % 3}";
            await sets.AppendAsync(name, Numbers(round, round + 100), null);
            List<string> keys = model.TryGetValue(name, out List<string>? known) ? known : model[name] = [];
            keys.AddRange([$"{round}", $"{round + 100}"]);
            acknowledged.Add((name, [.. keys]));
            if (round % 4 == 3)
            {
                await sets.DropAsync("s1");
                model.Remove("s1");
                acknowledged.Add(("s1", []));
            }
        }
        if (files.HasCrashed)
            throw new SimulatedCrashException("the compaction after the last append, whose failure nobody is told");
    }

    private static async Task CheckAsync(SimulatedFileSystem files, List<(string Set, string[] Keys)> acknowledged, string what)
    {
        await using ItemSets sets = Open(files);
        Assert.True(sets.Failure is null, $"{what}: {sets.Failure}");
        Dictionary<string, string[]> last = [];
        foreach ((string set, string[] keys) in acknowledged)
            last[set] = keys;
        int differ = 0;
        foreach ((string set, string[] keys) in last)
        {
            List<string> found = Keys(sets, set);
            if (found.SequenceEqual(keys))
                continue;
            // Only the change that was under way may be there beside: two keys more, or the set gone.
            differ++;
            Assert.True(
                found.Take(keys.Length).SequenceEqual(keys) && found.Count == keys.Length + 2 || (set == "s1" && found.Count == 0),
                $"{what}: {set} is {string.Join(' ', found)}; {string.Join(' ', keys)} was acknowledged");
        }
        Assert.True(differ <= 1, $"{what}: {differ} sets differ");
        await sets.AppendAsync("after", Numbers(1), null);
        await using ItemSets again = Open(files.Recover(0));
        Assert.Equal(["1"], Keys(again, "after"));
    }

    private static async Task AssertKeysAsync(byte[] bytes, string what, string? expected, bool isCut = true)
    {
        SimulatedFileSystem files = NewFiles();
        files.Put(LogPath, bytes);
        await using ItemSets sets = Open(files);
        Assert.True(sets.Failure is null, $"{what}: {sets.Failure}");
        List<string> keys = Keys(sets, "a");
        Assert.True((keys.Count == 0 ? null : "a: " + string.Join(' ', keys)) == expected, $"{what}: {string.Join(' ', keys)}");
        Assert.Equal(isCut, sets.Find("b") is null);
    }

    private static async Task AssertCorruptAsync(byte[] bytes, string what)
    {
        SimulatedFileSystem files = NewFiles();
        files.Put(LogPath, bytes);
        await using ItemSets sets = Open(files);
        AnnException? e = sets.Failure as AnnException;
        bool isVersion = e is { Error: AnnError.InvalidArgument } && e.Message.Contains("format version", StringComparison.Ordinal);
        Assert.True(e is { Error: AnnError.Corrupt } || isVersion, $"{what}: {sets.Failure}");
        Assert.Matches("^/shop/sets.log: .*byte [0-9]+: ", e!.Message);
    }
}
