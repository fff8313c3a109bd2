using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Ann.Tests.Server.Fuzz;

/// <summary>
/// A connection of somebody who speaks no HTTP/2, or speaks it wrong (RFC 9113). Of the loopback alone. One seed, one connection.
/// </summary>
internal static class GarbageConnection
{
    private const int MostFrames = 40;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly byte[] Preface = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8];

    /// <summary>Opens one, sends garbage, reads what comes until the server closes it, and cuts it.</summary>
    /// <param name="server">A port of the loopback.</param>
    /// <param name="random">Of the connection.</param>
    public static async Task RunAsync(IPEndPoint server, Random random)
    {
        Assert.True(IPAddress.IsLoopback(server.Address));
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.LingerState = new LingerOption(true, 0); // cut, so that no port waits for stragglers
        using CancellationTokenSource limit = new(Patience);
        try
        {
            await socket.ConnectAsync(server, limit.Token);
            await socket.SendAsync(Garbage(random), limit.Token);
            if (random.Next(4) == 0)
                return; // cut at once
            socket.Shutdown(SocketShutdown.Send);
            byte[] answer = new byte[4096];
            int read = 0;
            while (read < 64 << 10 && await socket.ReceiveAsync(answer, limit.Token) is int more and > 0)
                read += more;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The server has cut it, or will by its own time limits.
        }
    }

    private static byte[] Garbage(Random random)
    {
        using MemoryStream bytes = new();
        if (random.Next(8) > 0)
            bytes.Write(Preface);
        switch (random.Next(9))
        {
            case 0:
                Noise(bytes, random, random.Next(1, 4096));
                break;
            case 1:
                bytes.Write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8);
                break;
            case 2: // streams that are opened and reset, CVE-2023-44487
                Frame(bytes, 4, 0, 0, []);
                for (int stream = 1; stream < 2 * MostFrames; stream += 2)
                {
                    Frame(bytes, 1, 4, stream, Headers(random));
                    Frame(bytes, 3, 0, stream, [0, 0, 0, 8]);
                }
                break;
            case 3: // headers without an end, CVE-2024-27316
                Frame(bytes, 4, 0, 0, []);
                Frame(bytes, 1, 0, 1, Headers(random));
                for (int i = 0; i < MostFrames; i++)
                    Frame(bytes, 9, 0, 1, Headers(random));
                break;
            case 4: // much that wants an answer
                for (int i = 0; i < MostFrames; i++)
                    Frame(bytes, (byte)(random.Next(2) == 0 ? 4 : 6), 0, 0, random.Next(2) == 0 ? [] : new byte[8]);
                break;
            case 5: // a length that does not come
                bytes.Write([0xFF, 0xFF, 0xFF, (byte)random.Next(10), 0, 0, 0, 0, 1]);
                Noise(bytes, random, 100);
                break;
            case 6: // a call whose body is noise
                Frame(bytes, 4, 0, 0, []);
                Frame(bytes, 1, 4, 1, Headers(random));
                for (int i = random.Next(8); i >= 0; i--)
                    Frame(bytes, 0, (byte)(i == 0 ? 1 : 0), 1, NoiseOf(random, random.Next(300)));
                break;
            default:
                for (int i = random.Next(1, MostFrames); i > 0; i--)
                    Frame(bytes, (byte)random.Next(12), (byte)random.Next(256), random.Next(6), NoiseOf(random, random.Next(64)));
                break;
        }
        return bytes.ToArray();
    }

    /// <summary>Literal headers of a call (RFC 7541, 6.2.2), now and then with a byte changed.</summary>
    private static byte[] Headers(Random random)
    {
        using MemoryStream block = new();
        string[] methods =
        [
            "ann.v1.Retrieval/Search", "ann.v1.Ingest/Write", "ann.v1.Indexes/List", "grpc.health.v1.Health/Watch", "x", "%2e%2e/",
        ];
        foreach ((string name, string value) in new[]
        {
            (":method", random.Next(4) == 0 ? "GET" : "POST"), (":scheme", "http"), (":path", "/" + methods[random.Next(methods.Length)]),
            (":authority", "localhost"), ("content-type", "application/grpc"), ("te", "trailers"), ("grpc-timeout", $"{random.Next()}n"),
            ("authorization", "Bearer annkey_nobody"),
        })
        {
            block.WriteByte(0);
            foreach (string text in new[] { name, value })
            {
                block.WriteByte((byte)text.Length);
                block.Write(System.Text.Encoding.ASCII.GetBytes(text));
            }
        }
        byte[] bytes = block.ToArray();
        if (random.Next(2) == 0)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }

    private static void Frame(MemoryStream to, byte type, byte flags, int stream, byte[] payload)
    {
        Span<byte> head = stackalloc byte[9];
        BinaryPrimitives.WriteInt32BigEndian(head, payload.Length << 8);
        head[3] = type;
        head[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(head[5..], stream);
        to.Write(head);
        to.Write(payload);
    }

    private static byte[] NoiseOf(Random random, int length)
    {
        byte[] noise = new byte[length];
        random.NextBytes(noise);
        return noise;
    }

    private static void Noise(MemoryStream to, Random random, int length) => to.Write(NoiseOf(random, length));
}
