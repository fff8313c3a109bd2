using Ann.Core.Recall;
using Ann.Server;
using Ann.Server.Recall;
using Ann.Tests.Files;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: what was learnt outlives a restart and goes to the next generation with less weight, and a bad file costs nothing but that.
/// Method: the board and its file alone, on a disk in memory.
/// </summary>
public sealed class LiveRecallFileTests
{
    private const int K = 10;
    private const string Path = "data/_live-recall";
    private static readonly RecallKind Old = new("shop", "00000000000000aa", "none", K);
    private static readonly RecallKind New = Old with { Generation = "00000000000000bb" };
    private static readonly MeasuredAnswer Answer = new(0.7, AnswerWay.Walk, K, 20, 0.95, 0.05, 0.7, EfFactor: 1.5);

    [Fact]
    public void WhatWasLearntOutlivesARestart()
    {
        MemoryFileSystem files = new();
        LiveRecallBoard board = Learnt();
        board.Add(Old with { FilterClass = "1%" }, Answer with { Way = AnswerWay.ScanByCodes, Certified = double.NaN });
        FileOf(board, files).Save();

        LiveRecallBoard next = new();
        FileOf(next, files).Load();

        Assert.Equal(2, next.All.Count);
        RecallFact fact = next.Of("shop").Single(static fact => fact.Kind == Old);
        Assert.Equal((300, 1.5), (fact.Interval.Samples, fact.EfFactor));
        Assert.Equal(0.7, fact.Interval.Recall, 1e-4);
        Assert.Equal(board.KnownOf(Old).Walks.MissedAt(K, 20, 0.05), next.KnownOf(Old).Walks.MissedAt(K, 20, 0.05), 1e-9);
        Assert.Equal(board.KnownOf(Old).Plans.MissedAt(K, 64, 0.01), next.KnownOf(Old).Plans.MissedAt(K, 64, 0.01), 1e-9);
        Assert.Equal(1, next.KnownOf(Old with { FilterClass = "1%" }).Scans.Weight, 1e-9);
    }

    [Fact]
    public void AFileIsWrittenOnlyWhereThereIsADataDirectoryAndSomethingNew()
    {
        MemoryFileSystem files = new();
        FileOf(Learnt(), files, directory: "").Save();
        FileOf(new LiveRecallBoard(), files).Save();
        Assert.Empty(files.Content);

        LiveRecallFile file = FileOf(Learnt(), files);
        file.SaveIfDue(); // not yet: a crash may forget some seconds
        Assert.Empty(files.Content);
        file.Save();
        byte[] written = files.Content[Path];
        file.Save();
        Assert.Same(written, files.Content[Path]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ANNRECALL 2 0123456789abcdef\n{}")]
    [InlineData("{\"kinds\":[]}")]
    [InlineData("ANNRECALL 1 0123456789abcdef\n{\"kinds\":[]}")]
    public void AForeignFileIsPassedOver(string content)
    {
        MemoryFileSystem files = new();
        files.Content[Path] = System.Text.Encoding.UTF8.GetBytes(content);
        Warnings warnings = new();
        LiveRecallBoard board = new();

        FileOf(board, files, warnings: warnings).Load();

        Assert.Empty(board.All);
        Assert.Contains("passed over", Assert.Single(warnings.Told), StringComparison.Ordinal);
    }

    /// <summary>Any byte of the file changed, or any length of it left: never an error, never nonsense.</summary>
    [Fact]
    public void ADamagedFileIsPassedOver()
    {
        MemoryFileSystem files = new();
        FileOf(Learnt(), files).Save();
        byte[] whole = files.Content[Path];
        for (int place = 0; place < whole.Length; place += 7)
        {
            foreach (bool isCut in new[] { false, true })
            {
                byte[] damaged = isCut ? whole[..place] : [.. whole];
                if (!isCut)
                    damaged[place] ^= 1;
                files.Content[Path] = damaged;
                Warnings warnings = new();
                LiveRecallBoard board = new();
                FileOf(board, files, warnings: warnings).Load();

                Assert.Empty(board.All);
                Assert.Single(warnings.Told);
            }
        }
    }

    [Fact]
    public void AnotherGenerationBeginsWithWhatTheLastOneKnew()
    {
        LiveRecallBoard board = Learnt();
        KnownRecall old = board.KnownOf(Old);

        KnownRecall begun = board.KnownOf(New);

        Assert.InRange(begun.Walks.Weight, 1, 50);
        Assert.True(begun.Walks.MissedAt(K, 20, 0.05) > 0.2);
        Assert.True(begun.Walks.MissedAt(K, 20, 0.05) < old.Walks.MissedAt(K, 20, 0.05));
        Assert.Single(board.All); // it was not measured itself: nothing is told of it
        Assert.Equal(RecallCorrection.None.Weight, board.KnownOf(New with { Index = "shops" }).Walks.Weight);
        Assert.Equal(RecallCorrection.None.Weight, board.KnownOf(New with { FilterClass = "10%" }).Walks.Weight);
        for (int i = 0; i < 200; i++)
            board.Add(New, Answer with { Recall = 0.95, WalkRecall = 0.95 });
        Assert.InRange(board.KnownOf(New).Walks.MissedAt(K, 20, 0.05), 0.05, 0.11);
        Assert.Equal(old.Walks.MissedAt(K, 20, 0.05), board.KnownOf(Old).Walks.MissedAt(K, 20, 0.05));
    }

    [Fact]
    public void AGenerationThatGoesHandsOnWhatItKnew()
    {
        LiveRecallBoard board = Learnt();

        board.Retain("shop", [New.Generation]);

        Assert.Empty(board.All);
        Assert.True(board.KnownOf(New).Walks.MissedAt(K, 20, 0.05) > 0.2);
        board.Retain("shop", []);
        Assert.Equal(0, board.KnownOf(New).Walks.Weight);
    }

    private static LiveRecallBoard Learnt()
    {
        LiveRecallBoard board = new();
        for (int i = 0; i < 300; i++)
            board.Add(Old, in Answer);
        return board;
    }

    private static LiveRecallFile FileOf(
        LiveRecallBoard board, MemoryFileSystem files, string directory = "data", Warnings? warnings = null) => new(
            board, files, Options.Create(new ServerOptions { DataDirectory = directory }), TimeProvider.System, warnings ?? new Warnings());

    private sealed class Warnings : ILogger<LiveRecallFile>
    {
        public List<string> Told { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Assert.Equal(LogLevel.Warning, logLevel);
            Told.Add(formatter(state, exception));
        }
    }
}
