using Ann.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Ann.Tests.Server;

/// <summary>Goal: a deadline too short for the gRPC stack to count is still one. Method: the header itself.</summary>
public sealed class ShortDeadlinesTests
{
    [Theory]
    [InlineData("1n", "1m")] // what a .NET client sends with less than a millisecond left
    [InlineData("0n", "1m")]
    [InlineData("00000099n", "1m")]
    [InlineData("100n", "100n")]
    [InlineData("1u", "1u")]
    [InlineData("5m", "5m")]
    [InlineData("n", "n")]
    [InlineData("-1n", "-1n")]
    [InlineData("99999999H", "99999999H")]
    [InlineData(null, null)]
    public void OnlyATimeoutOfNothingIsChanged(string? sent, string? seen)
    {
        DefaultHttpContext context = new();
        if (sent is not null)
            context.Request.Headers["grpc-timeout"] = sent;

        ShortDeadlines.Correct(context);

        Assert.Equal(seen ?? "", context.Request.Headers["grpc-timeout"].ToString());
    }
}
