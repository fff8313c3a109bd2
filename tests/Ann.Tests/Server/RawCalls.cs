using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace Ann.Tests.Server;

/// <summary>Calls as a hostile client makes them: frames that lie, bodies that stop, answers that nobody reads.</summary>
/// <param name="address">Of the server.</param>
internal sealed class RawCalls(string address) : IDisposable
{
    /// <summary>A small window, so that an answer that is not read stays with the server.</summary>
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        InitialHttp2StreamWindowSize = 65_535,
        EnableMultipleHttp2Connections = true,
    });

    /// <summary>Sends a message, and returns when the headers of the answer are there. The rest is read when somebody reads it.</summary>
    public Task<HttpResponseMessage> SendAsync(string method, IMessage message) =>
        SendAsync(method, new ByteArrayContent(Frame(message.ToByteArray())));

    /// <summary>Sends a body as it is.</summary>
    public async Task<HttpResponseMessage> SendAsync(string method, HttpContent body)
    {
        HttpRequestMessage request = new(HttpMethod.Post, new Uri(new Uri(address), method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>True when an answer has no message; reads no more than its first byte.</summary>
    public static async Task<bool> IsEmptyAsync(HttpResponseMessage answer) =>
        await (await answer.Content.ReadAsStreamAsync()).ReadAsync(new byte[1]) == 0;

    /// <summary>The gRPC status of an answer, after all of it was read.</summary>
    public static async Task<(string Status, string Message)> StatusOf(HttpResponseMessage answer)
    {
        await answer.Content.CopyToAsync(Stream.Null);
        return (Of("grpc-status"), Uri.UnescapeDataString(Of("grpc-message")));

        string Of(string name) => answer.TrailingHeaders.TryGetValues(name, out IEnumerable<string>? values)
            || answer.Headers.TryGetValues(name, out values)
            ? values.Single()
            : "";
    }

    /// <summary>A message behind the five bytes that tell its length.</summary>
    public static byte[] Frame(byte[] message, int? length = null)
    {
        byte[] frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), length ?? message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    public void Dispose() => _client.Dispose();

    /// <summary>A body that sends some bytes, and then resets the call.</summary>
    /// <param name="start">The bytes.</param>
    public sealed class Reset(byte[] start) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(start);
            await stream.FlushAsync();
            throw new IOException("This caller goes away.");
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>A body that sends some bytes, and then nothing until it is let go.</summary>
    /// <param name="start">The bytes.</param>
    /// <param name="until">Lets it go.</param>
    public sealed class Stalled(byte[] start, CancellationToken until) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(start, until);
            await stream.FlushAsync(until);
            await Task.Delay(Timeout.Infinite, until).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
