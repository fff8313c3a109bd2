using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ann.Bench.Garnet;

/// <summary>As much of the Redis protocol (RESP2) as vector sets need: bulk strings out; numbers, bulk strings and arrays back.</summary>
internal sealed class RespClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _in = new byte[1 << 16];
    private readonly MemoryStream _out = new();
    private int _start;
    private int _end;

    public RespClient(int port) => _socket.Connect(IPAddress.Loopback, port);

    /// <summary>Adds a command to what the next <see cref="Flush"/> sends.</summary>
    public void Queue(params ReadOnlySpan<byte[]> parts)
    {
        Write($"*{parts.Length}\r\n");
        foreach (byte[] part in parts)
        {
            Write($"${part.Length}\r\n");
            _out.Write(part);
            _out.Write("\r\n"u8);
        }
    }

    /// <summary>Sends all queued commands in one piece.</summary>
    public void Flush()
    {
        _socket.Send(_out.GetBuffer().AsSpan(0, (int)_out.Length));
        _out.SetLength(0);
    }

    /// <summary>Reads one reply of whole numbers: an integer, or an array of bulk strings that hold one each.</summary>
    /// <returns>How many numbers there were.</returns>
    public int ReadNumbers(Span<int> numbers)
    {
        byte kind = ReadByte();
        int value = ReadInteger(kind);
        if (kind == ':')
        {
            numbers[0] = value;
            return 1;
        }
        if (kind != '*')
            throw new InvalidDataException($"Expected a number or an array; found '{(char)kind}'.");
        for (int i = 0; i < value; i++)
        {
            byte item = ReadByte();
            int length = ReadInteger(item);
            Need(length + 2);
            if (!Utf8Parser.TryParse(_in.AsSpan(_start, length), out int number, out _))
                throw new InvalidDataException($"Expected a number; found '{Encoding.UTF8.GetString(_in, _start, length)}'.");
            _start += length + 2;
            numbers[i] = number;
        }
        return value;
    }

    public void Dispose() => _socket.Dispose();

    private void Write(FormattableString text) => _out.Write(Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture)));

    private byte ReadByte()
    {
        Need(1);
        return _in[_start++];
    }

    private int ReadInteger(byte kind)
    {
        StringBuilder line = kind == '-' ? new StringBuilder() : null!;
        int value = 0;
        int sign = 1;
        for (byte c = ReadByte(); c != '\n'; c = ReadByte())
        {
            if (kind == '-')
                line.Append((char)c);
            else if (c == '-')
                sign = -1;
            else if (c != '\r')
                value = value * 10 + (c - '0');
        }
        return kind == '-' ? throw new InvalidDataException($"Garnet answered: {line.ToString().Trim()}") : sign * value;
    }

    private void Need(int bytes)
    {
        while (_end - _start < bytes)
        {
            if (_start > 0)
            {
                _in.AsSpan(_start, _end - _start).CopyTo(_in);
                _end -= _start;
                _start = 0;
            }
            int read = _socket.Receive(_in.AsSpan(_end));
            if (read == 0)
                throw new EndOfStreamException("Garnet closed the connection.");
            _end += read;
        }
    }
}
