using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;

namespace Ann.Tool.Bulk;

/// <summary>The complete parts of an encoding, and how they become its output.</summary>
/// <param name="Content">What was to be written.</param>
/// <param name="Count">Rows.</param>
/// <param name="Kind">What their keys are.</param>
/// <param name="Hash">Hash of the vectors.</param>
/// <param name="Vectors">The vectors.</param>
/// <param name="Keys">Their keys.</param>
/// <param name="Attributes">Their attributes; null for none.</param>
internal sealed record EncodedParts(
    EncodedContent Content, long Count, KeyKind Kind, string Hash, PartFile Vectors, PartFile Keys, PartFile? Attributes)
{
    /// <summary>What is appended to the name of the part with the keys.</summary>
    public const string KeysSuffix = ".keys";

    /// <summary>What is appended to the name of the part with the attributes.</summary>
    public const string AttributesSuffix = ".attributes";

    private const int KeysAtOnce = 1024;

    private string Output => Content.Output;

    /// <summary>Takes back what had taken its place when a process ended in the middle of that.</summary>
    public static void TakeBack(IFileSystem files, string output)
    {
        if (EncodedHeaders.IsMadeOfParts(output))
            return; // parts stay until there is no journal
        string part = output + EncodeJournal.Suffix;
        (string Part, string Target)[] places =
            [(part, output), (part + KeysSuffix, KeySidecar.PathOf(output)), (part + AttributesSuffix, AttributeSidecar.PathOf(output))];
        foreach ((string from, string target) in places)
            if (!files.FileExists(from) && files.FileExists(target))
                files.Replace(target, from);
    }

    /// <summary>Writes headers, and makes all parts durable.</summary>
    /// <param name="tool">Whose files.</param>
    /// <param name="keysDiffer">True when the keys were compared already.</param>
    /// <exception cref="AnnException">InvalidArgument: two rows have one key, or there are no rows.</exception>
    public void Complete(ToolContext tool, bool keysDiffer)
    {
        if (Count == 0)
            throw AnnException.BadInput(Output, "", "there is no row to write.");
        EncodedHeaders headers = new(Content);
        Keys.WriteHeader(stream => stream.Write(headers.KeyLine(Count, Kind, Hash)));
        Attributes?.WriteHeader(stream => stream.Write(headers.AttributeLine(Count, Hash)));
        if (!EncodedHeaders.IsMadeOfParts(Output))
            Vectors.WriteHeader(stream => stream.Write(headers.VectorHeader(Count)));
        Vectors.Flush();
        Keys.Flush();
        Attributes?.Flush();
        if (!keysDiffer)
            RequireDifferentKeys(tool.Files);
    }

    /// <summary>Makes the output and its sidecars appear, and ends the journal.</summary>
    /// <param name="tool">Whose files.</param>
    /// <returns>The sidecar with the keys.</returns>
    public string Commit(ToolContext tool)
    {
        // Sidecars come first: left alone one is recognised as another file's, while vectors without keys would be numbered silently.
        string sidecar = KeySidecar.PathOf(Output);
        if (EncodedHeaders.IsMadeOfParts(Output))
        {
            Make(tool, new EncodedHeaders(Content).KeyHeader(Count, Kind, Hash) with { KeysInline = true }, sidecar);
            return sidecar;
        }
        Attributes?.MoveTo(AttributeSidecar.PathOf(Output));
        Keys.MoveTo(sidecar);
        Vectors.MoveTo(Output);
        tool.Files.FlushDirectory(Path.GetDirectoryName(Output) is { Length: > 0 } directory ? directory : ".");
        tool.Files.Delete(EncodeJournal.PathOf(Output));
        return sidecar;
    }

    private void Make(ToolContext tool, KeySidecarHeader header, string sidecar)
    {
        int dimension = Content.Encoder.Dimension;
        if (EncodedHeaders.IsParquet(Output))
        {
            using ParquetVectorWriter writer = new(tool.Files, Output, dimension, Kind, Content.Attributes);
            foreach ((float[] rows, KeyColumn keys, AttributeBatch? attributes) in Read(tool))
                writer.Write(rows.AsSpan(0, keys.Count * dimension), keys, attributes);
            writer.End();
            KeySidecar.Write(tool.Files, sidecar, header, new KeyColumn(Kind));
            writer.Commit();
        }
        else
        {
            using JsonlVectorWriter writer = new(new AtomicFile(tool.Files, Output), Count, dimension, keys: null);
            foreach ((float[] rows, KeyColumn keys, AttributeBatch? attributes) in Read(tool))
            {
                writer.UseKeys(keys);
                writer.Write(rows.AsSpan(0, keys.Count * dimension), attributes);
            }
            writer.Flush();
            KeySidecar.Write(tool.Files, sidecar, header, new KeyColumn(Kind));
            writer.Commit();
        }
        tool.Files.Delete(EncodeJournal.PathOf(Output)); // first: parts without it mean nothing
        Vectors.Delete();
        Keys.Delete();
        Attributes?.Delete();
    }

    private IEnumerable<(float[] Rows, KeyColumn Keys, AttributeBatch? Attributes)> Read(ToolContext tool)
    {
        int dimension = Content.Encoder.Dimension;
        int most = BlockLimits.Of(dimension).Rows;
        float[] rows = new float[Math.Min(most, Count) * dimension];
        using Stream vectors = tool.Files.OpenRead(Vectors.Path);
        using AttributeSidecarReader? attributes =
            Attributes is null ? null : new AttributeSidecarReader(tool.Files, Attributes.Path, Content.Attributes);
        foreach (KeyColumn keys in ReadKeys(tool.Files, most))
        {
            vectors.ReadExactly(MemoryMarshal.AsBytes(rows.AsSpan(0, keys.Count * dimension)));
            yield return (rows, keys, attributes?.Read(keys.Count));
        }
    }

    private IEnumerable<KeyColumn> ReadKeys(IFileSystem files, int atOnce)
    {
        using LineReader lines = new(files.OpenRead(Keys.Path), Keys.Path);
        lines.TryReadFilled(out _); // the header
        KeyColumn keys = new(Kind);
        while (lines.TryReadFilled(out ReadOnlySpan<byte> line))
        {
            KeySidecar.ReadKey(line, keys, Keys.Path, lines.Line);
            if (keys.Count < atOnce)
                continue;
            yield return keys;
            keys = new KeyColumn(Kind);
        }
        if (keys.Count > 0)
            yield return keys;
    }

    private IEnumerable<UInt128> KeyHashes(IFileSystem files)
    {
        foreach (KeyColumn keys in ReadKeys(files, KeysAtOnce))
            for (int row = 0; row < keys.Count; row++)
                yield return ItemHash.Of(keys.KeyAt(row));
    }

    private void RequireDifferentKeys(IFileSystem files)
    {
        DuplicateKeys keys = new();
        foreach (UInt128 hash in KeyHashes(files))
            keys.Add(hash);
        if (keys.Find(() => KeyHashes(files)) is not (long first, long second))
            return;
        KeyColumn found = ReadKeys(files, KeysAtOnce).ElementAt((int)(second / KeysAtOnce));
        string key = PrintedText.Of(found.Format((int)(second % KeysAtOnce)));
        throw AnnException.BadInput(
            Output, "", $"row {second} has the key '{key}', which is already the key of row {first}; keys must be unique.");
    }
}
