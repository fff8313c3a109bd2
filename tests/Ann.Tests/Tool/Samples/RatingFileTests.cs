using Ann.Core;
using Ann.Tests.Files.Formats;
using Ann.Tool.Samples;

namespace Ann.Tests.Tool.Samples;

/// <summary>Goal: every layout of MovieLens says the same, and a line that is none is told by file, line and reason.</summary>
public sealed class RatingFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string, string> Malformed => new()
    {
        { "u.data", "1\t2\t3\t4\n1\t2\t3\n", "line 2: expected user, item, rating and time with tabs between; found '1\\t2\\t3'" },
        { "ratings.dat", "1::2::3::4\n1::2::3::4::5\n", "line 2: expected user, item, rating and time with '::' between" },
        { "ratings.dat", "1::2::x::4\n", "line 1: expected a number as rating; found 'x'" },
        { "u.data", "1\t2\t3\tyesterday\n", "line 1: expected a number as time" },
        { "u.data", "1\t2\tNaN\t4\n", "line 1: expected a number as rating; found 'NaN'" },
        { "u.data", "1\t2\t3\t4\n\t2\t3\t4\n", "line 2: expected a key of 1 to 256 bytes without control characters as user" },
        { "ratings.csv", "userId,movieId,rating,timestamp\n1,2,3\n", "line 2: expected 4 fields, as the first line has; found 3" },
        { "ratings.csv", "userId,movieId,rating,timestamp\n1,2,good,4\n", "line 2: expected a number as rating; found 'good'" },
        { "ratings.csv", "userId,movieId,rating,timestamp\n1,\"2,3,4\n", "line 2: a quote is where none may be" },
        { "ratings.csv", "who,movieId,rating\n1,2,3\n", "line 1: expected a column userId" },
        { "ratings.csv", "user,what,rating\n1,2,3\n", "line 1: expected a column movieId" },
        { "ratings.csv", "userId,movieId,rating,timestamp\n", "it holds no ratings" },
        { "ratings.csv", "", "line 1: expected ratings; found nothing" },
    };

    [Theory]
    [InlineData("u.data")]
    [InlineData("ratings.dat")]
    [InlineData("ratings.csv")]
    [InlineData("ratings.csv.gz")]
    public void EveryLayoutSaysTheSame(string name)
    {
        IReadOnlyList<(int User, int Item, int Rating, int Time)> events = BlockRatings.Make(seed: 4);

        Ratings read = Read(_folder.Write(name, BlockRatings.Text(name, events)));

        Assert.True(read.HasTimes);
        Assert.Equal(events.Count, read.Lines);
        Assert.Equal(
            events.Select((one, line) => (one, line)).OrderBy(static one => one.one.User).ThenBy(static one => one.one.Time)
                .ThenBy(static one => one.line).Select(static one => ($"{one.one.User}", $"{one.one.Item}", (double)one.one.Time)),
            read.Events.Select(one => (read.Users[one.User], read.Items[one.Item], one.Time)));
    }

    [Fact]
    public void TheLatestOfAPairCountsAndLowRatingsAreLeftOut()
    {
        string path = _folder.Write("u.data", "a\tx\t5\t30\na\ty\t2\t10\na\tx\t4\t20\nb\ty\t4\t5\r\n");

        Ratings all = Read(path);
        Ratings good = RatingFile.Read(ToolRun.World, path, 4, CancellationToken.None);

        Assert.Equal([("a", "y", 10.0), ("a", "x", 30.0), ("b", "y", 5.0)], Shown(all));
        Assert.Equal([("a", "x", 30.0), ("b", "y", 5.0)], Shown(good));
        Assert.Equal(1, good.Below);
        AnnException none = Assert.Throws<AnnException>(() => RatingFile.Read(ToolRun.World, path, 6, CancellationToken.None));
        Assert.Contains("none of its 4 ratings is 6 or more", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutTimesTheOrderOfLinesCounts()
    {
        Ratings read = Read(_folder.Write("ratings.csv", "item,user\ny,b\nx,b\n"));

        Assert.False(read.HasTimes);
        Assert.Equal(["y", "x"], Shown(read).Select(static one => one.Item));
    }

    /// <summary>The last event of each user by time, but for users who have no other.</summary>
    [Fact]
    public void TheLastEventOfAUserIsHeldOut()
    {
        LastEvents events = new(Read(_folder.Write(
            "u.data", "a\tx\t1\t3\na\ty\t1\t1\na\tz\t1\t2\nb\ty\t1\t9\nc\tonly\t1\t2\nc\ty\t1\t1\n")));

        Assert.Equal([("a", "x", 3.0), ("c", "only", 2.0)], events.HeldOut);
        Assert.Equal(["y", "z"], events.Items); // x and only were taken by nobody else before
        Assert.Equal([0, 1], events.ByUser[0].ToArray());
        Assert.Equal([0], events.ByUser[1].ToArray());
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public void AWrongLineIsToldByFileLineAndReason(string name, string content, string told)
    {
        string path = _folder.Write(name, content);

        AnnException wrong = Assert.Throws<AnnException>(() => Read(path));

        Assert.StartsWith(path + ": " + told, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void APackedFileThatWasCutIsTold()
    {
        byte[] packed = BlockRatings.Text("ratings.csv.gz", BlockRatings.Make(seed: 4));
        string path = _folder.Write("ratings.csv.gz", packed[..(packed.Length / 2)]);

        Assert.Contains("damaged or was cut off", Assert.Throws<AnnException>(() => Read(path)).Message, StringComparison.Ordinal);
    }

    private static Ratings Read(string path) => RatingFile.Read(ToolRun.World, path, null, CancellationToken.None);

    private static IEnumerable<(string User, string Item, double Time)> Shown(Ratings ratings) =>
        ratings.Events.Select(one => (ratings.Users[one.User], ratings.Items[one.Item], one.Time));
}
