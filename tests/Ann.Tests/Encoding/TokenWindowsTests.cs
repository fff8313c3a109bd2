using Ann.Encoding.Text;

namespace Ann.Tests.Encoding;

/// <summary>
/// Goal: texts come in their order, a window at a time, one window ahead at most, and what fails in another thread is told here.
/// </summary>
public sealed class TokenWindowsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(TokenWindows.Rows)]
    [InlineData(3 * TokenWindows.Rows + 5)]
    public void Every_text_comes_once_and_in_order(int count)
    {
        string[] texts = [.. Enumerable.Range(0, count).Select(static i => $"{i}")];
        int made = 0;
        using TokenWindows windows = new(texts, (text, buffer) =>
        {
            made++;
            buffer.Add(int.Parse(text, null));
        }, hasWeights: false);

        int seen = 0;
        while (windows.Next(out int first) is { } window)
        {
            Assert.Equal(seen, first);
            for (int row = 0; row < window.Rows; row++)
                Assert.Equal(seen++, window.Ids(row)[0]);
            Assert.True(Volatile.Read(ref made) <= seen + TokenWindows.Rows, "more than one window is ahead");
        }

        Assert.Equal(count, seen);
    }

    [Fact]
    public void What_fails_ahead_is_told_when_its_turn_comes()
    {
        string[] texts = new string[2 * TokenWindows.Rows];
        texts.AsSpan().Fill("good");
        texts[^1] = "bad";
        using TokenWindows windows = new(texts, Fail, hasWeights: false);

        Assert.NotNull(windows.Next(out _));
        Assert.Equal("bad", Assert.Throws<InvalidOperationException>(() => windows.Next(out _)).Message);

        static void Fail(string text, object tokens)
        {
            if (text != "good")
                throw new InvalidOperationException(text);
        }
    }
}
