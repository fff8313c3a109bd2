using Ann.Server.Telemetry;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Ann.Tests.Server.Telemetry;

/// <summary>Goal: a status has one name, wherever the response carries it.</summary>
public sealed class CallStatusTests
{
    [Theory]
    [InlineData(StatusCode.OK, "OK")]
    [InlineData(StatusCode.Cancelled, "CANCELLED")]
    [InlineData(StatusCode.DeadlineExceeded, "DEADLINE_EXCEEDED")]
    [InlineData(StatusCode.Unauthenticated, "UNAUTHENTICATED")]
    [InlineData((StatusCode)17, "UNKNOWN")]
    [InlineData((StatusCode)(-1), "UNKNOWN")]
    public void NamesAreThoseOfGrpc(StatusCode status, string name) => Assert.Equal(name, CallStatus.NameOf((int)status));

    [Fact]
    public void TrailersGoBeforeHeadersAndACutCallIsCancelled()
    {
        DefaultHttpContext call = new();
        call.Request.ContentType = "application/grpc+proto";
        Assert.Equal("CANCELLED", CallStatus.Of(call));
        call.Response.Headers["grpc-status"] = "5";
        Assert.Equal("NOT_FOUND", CallStatus.Of(call));
        call.Features.Set<IHttpResponseTrailersFeature>(new Trailer { Trailers = new HeaderDictionary { ["grpc-status"] = "8" } });
        Assert.Equal("RESOURCE_EXHAUSTED", CallStatus.Of(call));
    }

    [Theory]
    [InlineData(200, "OK")]
    [InlineData(404, "NOT_FOUND")]
    [InlineData(429, "RESOURCE_EXHAUSTED")]
    [InlineData(412, "FAILED_PRECONDITION")]
    [InlineData(500, "INTERNAL")]
    [InlineData(503, "UNAVAILABLE")]
    public void OtherCallsHaveTheOneOfTheirHttpStatus(int status, string name)
    {
        DefaultHttpContext call = new();
        call.Response.StatusCode = status;

        Assert.Equal(name, CallStatus.Of(call));
    }

    private sealed class Trailer : IHttpResponseTrailersFeature
    {
        public required IHeaderDictionary Trailers { get; set; }
    }
}
