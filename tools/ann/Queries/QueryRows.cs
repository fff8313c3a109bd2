using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Protocol.V1;
using Ann.Tool.Formats;
using Ann.Tool.Remote;
using KeyColumn = Ann.Core.Keys.KeyColumn;

namespace Ann.Tool.Queries;

/// <summary>Query rows of a request: texts that the server encodes, or a file of vectors.</summary>
internal static class QueryRows
{
    /// <summary>Most rows of a request.</summary>
    public const int MaxRows = 1024;

    /// <summary>Fills the queries of a request: texts, which the server encodes, or vectors.</summary>
    /// <returns>What each row is called.</returns>
    /// <exception cref="AnnException">InvalidArgument: the file.</exception>
    public static string[] Fill(ToolContext tool, SearchRequest search, string[] texts, string? vectorFile)
    {
        if (vectorFile is null)
        {
            search.Texts.Add(texts);
            return texts;
        }
        (search.Queries, string[] names) = Read(tool, vectorFile);
        return names;
    }

    /// <summary>Refuses both texts and a file, and neither.</summary>
    public static void Require(string[] texts, string? vectorFile)
    {
        if (texts.Length == 0 == (vectorFile is null))
            throw AnnException.Invalid("--text", "expected either --text or --vector-file.");
    }

    /// <summary>The rows of a file, and what each is called.</summary>
    /// <exception cref="AnnException">InvalidArgument: the file.</exception>
    public static (VectorBatch Batch, string[] Names) Read(ToolContext tool, string path)
    {
        using VectorReader reader = VectorInput.Open(tool.Files, path);
        if (reader.Notice is not null)
            tool.Notice(reader.Notice);
        if (reader.Count > MaxRows)
            throw AnnException.BadInput(path, "", $"it holds {reader.Count} rows; at most {MaxRows} can be asked at once.");
        float[] values = new float[reader.Count * reader.Dimension];
        for (int row = 0; row < reader.Count;)
            row += reader.ReadRows(values.AsSpan(row * reader.Dimension));
        KeyColumn? keys = reader.Keys ?? KeysBeside(tool, reader, values);
        string[] names = [.. Enumerable.Range(0, (int)reader.Count).Select(row => keys is null ? $"row {row}" : keys.Format(row))];
        return (ServerConnection.ToBatch(values, reader.Dimension), names);
    }

    /// <summary>Keys of a sidecar that belongs to these very rows; null where there is none.</summary>
    private static KeyColumn? KeysBeside(ToolContext tool, VectorReader reader, float[] values)
    {
        string path = KeySidecar.PathOf(reader.Path);
        if (!tool.Files.FileExists(path))
            return null;
        (KeySidecarHeader header, KeyColumn? keys) = KeySidecar.Read(tool.Files, path);
        XxHash3 hash = new();
        hash.Append(MemoryMarshal.AsBytes(values.AsSpan()));
        bool fits = header.Rows == reader.Count && (header.RowsHash.Length == 0 || header.RowsHash == InputRows.RowsHash(hash));
        if (!fits)
            tool.Notice($"{path} belongs to other rows than {reader.Path} holds now; rows are told by their numbers.");
        return fits ? keys : null;
    }
}
