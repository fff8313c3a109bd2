using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;

namespace Ann.Tool.Bulk;

/// <summary>Headers of the files of an encoding. They hold the number of rows, and room is kept for them until it is known.</summary>
/// <param name="content">What is written.</param>
internal sealed class EncodedHeaders(EncodedContent content)
{
    /// <summary>Extensions of outputs.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".fbin", ".npy", ".jsonl", ParquetExtension];

    /// <summary>The extension of Parquet.</summary>
    public const string ParquetExtension = ".parquet";

    private const string NoHash = "0000000000000000";

    /// <summary>Room of the vectors: none of what is made of them at the end.</summary>
    public byte[] Vectors => IsMadeOfParts(content.Output) ? [] : VectorHeader(0);

    /// <summary>Room of the keys: a line of blanks, as long as the header can become.</summary>
    public byte[] Keys
    {
        get
        {
            byte[] line = new byte[KeySidecar.HeaderLine(KeyHeader(long.MaxValue, KeyKind.UInt64, NoHash)).Length + 1];
            line.AsSpan(..^1).Fill((byte)' ');
            line[^1] = (byte)'\n';
            return line;
        }
    }

    /// <summary>Room of the attributes, as that of the keys.</summary>
    public byte[] Attributes
    {
        get
        {
            byte[] line = new byte[AttributeSidecar.HeaderLine(long.MaxValue, NoHash, content.Attributes!).Length + 1];
            line.AsSpan(..^1).Fill((byte)' ');
            line[^1] = (byte)'\n';
            return line;
        }
    }

    /// <summary>True for an output that has keys and attributes in itself, and is made of the parts when these are complete.</summary>
    public static bool IsMadeOfParts(string output) =>
        IsParquet(output) || output.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase);

    /// <summary>True for an output that is Parquet.</summary>
    public static bool IsParquet(string output) => output.EndsWith(ParquetExtension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Refuses what cannot be written before anything is encoded.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the output or the attribute.</exception>
    public static void Require(ToolContext tool, EncodedContent content)
    {
        OutputPath.Require(tool.Files, content.Output, [.. Extensions]);
        if (tool.Files.IsDevice(content.Output))
            throw AnnException.BadInput(content.Output, "", "it is a device; vectors are written to a file.");
        if (IsMadeOfParts(content.Output))
            JsonlVectorWriter.RequireFreeNames(content.Output, content.Attributes);
    }

    /// <summary>The header of the vectors.</summary>
    public byte[] VectorHeader(long rows)
    {
        using MemoryStream header = new();
        VectorFile.WriteHeader(header, content.Output, rows, content.Encoder.Dimension);
        return header.ToArray();
    }

    /// <summary>The line of the keys' header, as long as <see cref="Keys"/>.</summary>
    public byte[] KeyLine(long rows, KeyKind kind, string hash) => Padded(KeySidecar.HeaderLine(KeyHeader(rows, kind, hash)), Keys);

    /// <summary>The line of the attributes' header, as long as <see cref="Attributes"/>.</summary>
    public byte[] AttributeLine(long rows, string hash) =>
        Padded(AttributeSidecar.HeaderLine(rows, hash, content.Attributes!), Attributes);

    /// <summary>The header of the keys.</summary>
    public KeySidecarHeader KeyHeader(long rows, KeyKind kind, string hash) => new()
    {
        KeyType = EnumNames<KeyKind>.Plain.Of(kind),
        Rows = rows,
        Dimension = content.Encoder.Dimension,
        EncoderFingerprint = content.Encoder.FingerprintText,
        EncoderName = content.Encoder.Name,
        RowsHash = hash,
    };

    private static byte[] Padded(byte[] header, byte[] room)
    {
        header.CopyTo(room, 0);
        return room;
    }
}
