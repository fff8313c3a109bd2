using Ann.Core.Records;
using Ann.Tests.Files;

namespace Ann.Tests.Records;

/// <summary>A kind of log whose records hold nothing but bytes.</summary>
internal static class RecordFixture
{
    public const string LogPath = "/log/a.log";
    public const ulong Salt = 77;

    public static readonly RecordFormat Format = new("ANNTEST\n", "TREC")
    {
        Name = "the test",
        Version = 3,
        HeaderBytes = 40,
        HeadBytes = 48,
        MaxBodyBytes = 1 << 20,
    };

    public static SimulatedFileSystem NewFiles()
    {
        SimulatedFileSystem files = new();
        files.CreateDirectory("/log");
        files.FlushDirectory("/");
        return files;
    }

    public static byte[] Header()
    {
        byte[] header = new byte[Format.HeaderBytes];
        Format.SealHeader(header, Salt);
        return header;
    }

    /// <summary>A record of as many bytes of body, all the same.</summary>
    public static byte[] Record(int bodyBytes, long flushedBytes, byte content = 5)
    {
        byte[] record = new byte[Format.HeadBytes + bodyBytes];
        record.AsSpan(Format.HeadBytes).Fill(content);
        Format.SealRecord(record, flushedBytes, Salt);
        return record;
    }

    /// <summary>Opens a file of these bytes behind its header.</summary>
    public static RecordReader Open(byte[] file, WholePart whole = default)
    {
        SimulatedFileSystem files = NewFiles();
        files.Put(LogPath, file);
        RecordReader reader = new(files, LogPath, Format);
        reader.Begin(Format.CheckHeader(LogPath, reader.ReadHeader()), whole);
        return reader;
    }

    /// <summary>Bytes of the bodies of all records, up to a torn tail.</summary>
    public static List<int> ReadAll(RecordReader reader)
    {
        List<int> bodies = [];
        for (; reader.TryReadHead() && reader.TryReadBody(out ReadOnlySpan<byte> body); reader.Advance())
            bodies.Add(body.Length);
        return bodies;
    }
}
