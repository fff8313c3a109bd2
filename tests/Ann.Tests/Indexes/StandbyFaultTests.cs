using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Tests.Segments;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: a generation that stands by cannot hurt the one that serves. Method: real files that are damaged before they are attached, and
/// behind the back of an index that has them attached; writes must go on.
/// </summary>
public sealed class StandbyFaultTests
{
    private const int Attached = 100;
    private const int RowBytes = 16 * sizeof(float);

    [Theory]
    [InlineData(0, float.NaN, "row 3, component 0 is NaN")]
    [InlineData(2, float.NegativeInfinity, "row 3, component 2 is -infinity")]
    [InlineData(1, 1e30f, "row 3 has length 1e+30; it must be at most")]
    [InlineData(9, 1f, "row 3 has padding that is not 0")]
    public async Task AFileOfUnsoundRowsIsNotAttached(int component, float value, string why)
    {
        await using LiveFixture live = new();
        await live.UpsertAsync(LiveFixture.Range(0, Attached));
        string path = live.Build("next.ann", LiveFixture.Range(0, Attached));
        Tamper(path, SectionKind.Rows, rows => MemoryMarshal.Write(rows.AsSpan(3 * RowBytes + component * sizeof(float)), in value));
        await RefusesAsync(live, path, why);
    }

    [Fact]
    public async Task AFileInWhichAKeyIsThereTwiceIsNotAttached()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync(LiveFixture.Range(0, Attached));
        string path = live.Build("next.ann", LiveFixture.Range(0, Attached));
        Tamper(path, SectionKind.Keys, static keys => keys.AsSpan(0, 8).CopyTo(keys.AsSpan(80)));
        await RefusesAsync(live, path, "the key '0' of node 10 is already the key of node 0");
    }

    /// <summary>The file is changed where it lies, after all that is checked when it is attached.</summary>
    [Fact]
    public async Task OneWhoseSegmentsCannotBeMergedIsGivenUpAndWritesGoOn()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync(LiveFixture.Range(0, Attached));
        GenerationStatus standby = await live.Index.AttachAsync(live.Build("next.ann", LiveFixture.Range(0, Attached)), Attached);
        string file = Path.Combine(live.IndexDirectory, FileOf(live, standby.Id));
        Tamper(file, SectionKind.Rows, static rows => MemoryMarshal.Write(rows.AsSpan(0), float.NaN));

        for (int block = 0; block < 40; block++)
            await live.UpsertAsync(LiveFixture.Range(1000 + block * 50, 50));
        await Record.ExceptionAsync(() => live.Index.CompactAsync()); // tells what it could not compact
        await live.Index.CompactAsync();
        await live.UpsertAsync([9999]);

        GenerationStatus[] all = [.. live.Index.Generations];
        Assert.Equal([GenerationRole.Serving, GenerationRole.Damaged], all.Select(static one => one.Role));
        Assert.Equal((standby.Id, Attached + 2001L), (all[1].Id, all[0].Items));
        Assert.Contains("NaN", all[1].Failure, StringComparison.Ordinal);
        Assert.DoesNotContain(live.Root, all[1].Failure, StringComparison.Ordinal);
        Assert.Null(live.Index.CompactionFailure);
        Assert.Null(live.Index.WriteFailure);
        AnnException refused = await Assert.ThrowsAsync<AnnException>(
            () => live.Index.PromoteAsync(standby.Id, new PromotionGate { Force = true }));
        Assert.Contains("NaN", refused.Message, StringComparison.Ordinal);

        // The next start finds the damage by itself, and it can be detached.
        await live.ReopenAsync();
        Assert.Equal(GenerationRole.Damaged, live.Index.Generations[1].Role);
        await live.Index.DetachAsync(standby.Id);
        Assert.Single(live.Index.Generations);
        Assert.False(File.Exists(file));
        await live.UpsertAsync([10_000]);
        Assert.NotNull(live.Fetch(10_000));
    }

    /// <summary>A disk that has no room for the segments of one generation: that one waits, and nobody else.</summary>
    [Fact]
    public async Task OneThatCannotBeSealedFallsBehindAndCatchesUp()
    {
        const string Name = "standby";
        bool isFull = false;
        await using LiveFixture live = new(new LiveIndexOptions
        {
            HeadRows = 64,
            MaxFrozenHeads = 2,
            Sealed = made =>
            {
                if (Volatile.Read(ref isFull) && made.Build.EncoderName == Name)
                    throw new IOException("No space left on device");
            },
        });
        await live.UpsertAsync(LiveFixture.Range(0, Attached));
        string path = live.Build("next.ann", LiveFixture.Range(0, Attached), encoderName: Name);
        GenerationStatus standby = await live.Index.AttachAsync(path, Attached);
        Volatile.Write(ref isFull, true);

        for (int block = 0; block < 40; block++)
            await live.UpsertAsync(LiveFixture.Range(1000 + block * 50, 50));

        Assert.Equal([GenerationRole.Serving, GenerationRole.CatchingUp], live.Index.Generations.Select(static one => one.Role));
        Assert.NotNull(live.Fetch(2999));
        AnnException behind = await Assert.ThrowsAsync<AnnException>(
            () => live.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, [1]) with { Generation = standby.Id }));
        Assert.Equal(AnnError.Unavailable, behind.Error);

        Volatile.Write(ref isFull, false);
        await live.Index.CompactAsync(); // tries again at once what failed
        await live.CaughtUpAsync(standby.Id);
        Assert.NotNull(live.Fetch(2999, standby.Id));
        await live.Index.PromoteAsync(standby.Id, new PromotionGate { Force = true });
        Assert.Equal(Attached + 2000L, live.Index.Generations[0].Items);
    }

    private static async Task RefusesAsync(LiveFixture live, string path, string why)
    {
        AnnException error = await Assert.ThrowsAsync<AnnException>(() => live.Index.AttachAsync(path, Attached));
        Assert.StartsWith(path + ": ", error.Message, StringComparison.Ordinal);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Single(live.Index.Generations);
        for (int block = 0; block < 20; block++)
            await live.UpsertAsync(LiveFixture.Range(1000 + block * 50, 50));
        Assert.NotNull(live.Fetch(1999));
    }

    private static string FileOf(LiveFixture live, string generation) =>
        ManifestFile.Read(Ann.Core.Files.PhysicalFileSystem.Instance, live.IndexDirectory)
            .Generations.Single(one => one.Id == generation).Segments[0].File;

    /// <summary>Changes the bytes of a file where they are: whoever has it mapped sees it.</summary>
    private static void Tamper(string path, SectionKind kind, Action<byte[]> change)
    {
        byte[] bytes = File.ReadAllBytes(path);
        HostileRowsTests.Change(bytes, kind, change);
        using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Write(bytes);
    }
}
