using Ann.Core.Files;

namespace Ann.Core.Log;

/// <summary>
/// Finds out what of a log survived: whole files, and a last one that may end in a torn record. Damage elsewhere is refused.
/// </summary>
internal static class WalRecovery
{
    /// <summary>The files of a log, in order. Names that are not exactly those of a log are nobody's business here.</summary>
    public static List<string> FindFiles(IFileSystem files, string directory) =>
        [.. files.ListFiles(directory, WalFileHeader.Pattern).Where(path => WalFileHeader.TryParseName(path, out _))
            .OrderBy(Path.GetFileName, StringComparer.Ordinal)];

    /// <summary>Checks every file and every record.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="directory">Its directory.</param>
    /// <param name="shape">What its records must hold.</param>
    /// <param name="abandoned">
    /// A last file without a whole header or without a place: the beginning of a file that never came to be.
    /// </param>
    /// <returns>The files in order; the last one's length may be less than that of the file on disk.</returns>
    /// <exception cref="AnnException">Corrupt: names file and byte.</exception>
    public static List<WalFile> Check(IFileSystem files, string directory, WalShape shape, out string? abandoned)
    {
        abandoned = null;
        List<string> paths = FindFiles(files, directory);
        List<WalFile> found = [];
        for (int i = 0; i < paths.Count; i++)
        {
            string path = paths[i];
            _ = WalFileHeader.TryParseName(path, out long first);
            byte[] start = WalFileReader.ReadStart(files, path, out long length);
            long expected = i == 0 ? first : found[^1].Next;
            bool isLast = i == paths.Count - 1;

            // A file gets its first record only after its header is on disk, so one this short never had a record.
            bool neverUsed = isLast && length <= WalFileHeader.Size;
            if (neverUsed && first <= expected && (first < expected || !WalFileHeader.IsWhole(start)))
            {
                abandoned = path;
                break;
            }
            WalFileHeader header = WalFileHeader.Read(path, start, shape);
            if (first != expected)
                throw AnnException.Corrupt(
                    path, "header", 24, $"the log has a gap: this file begins at {first}, and the one before ends before {expected}.");
            found.Add(CheckRecords(files, path, header, length, isLast));
        }
        return found;
    }

    private static WalFile CheckRecords(IFileSystem files, string path, WalFileHeader header, long length, bool isLast)
    {
        using WalFileReader reader = new(files, path, header, length);
        WalFile file = new(path, header);
        while (reader.Offset < length)
        {
            if (!reader.TryReadHead(out WalRecordHead head))
            {
                CutHere(reader, reader.Offset, isLast, "no whole record begins here");
                return file;
            }
            if (reader.Fault(head) is string fault)
                throw reader.Corrupt(reader.Offset, fault);
            if (head.FirstSequence != file.Next)
            {
                CutHere(reader, reader.Offset, isLast, $"the log has a gap: a record of sequence {head.FirstSequence} where "
                    + $"{file.Next} was expected");
                return file;
            }
            if (!reader.TryReadBody(head, out ReadOnlySpan<byte> body))
            {
                // What a row looks like is up to who wrote it: the search begins behind the body.
                CutHere(reader, reader.Offset + head.RecordBytes, isLast, "the record is not whole, or does not have the hash that it "
                    + "says");
                return file;
            }
            if (WalRecordCodec.Decode(head, body, header.Shape) is null)
                throw reader.Corrupt(reader.Offset, "the lengths of the keys, or the attributes, do not fit the record.");
            reader.Advance(head);
            file = file.With(head.FirstSequence, head.NextSequence, reader.Offset);
        }
        return file;
    }

    /// <summary>Returns when the bytes from here on are a torn tail.</summary>
    private static void CutHere(WalFileReader reader, long searchFrom, bool isLast, string what)
    {
        if (!isLast)
            throw reader.Corrupt(reader.Offset, $"{what}, and another file follows.");
        if (reader.FindRecordThatProves(searchFrom, reader.Offset, out long proof))
            throw reader.Corrupt(reader.Offset, $"{what}, and a later record, at byte {proof}, was written after this place was flushed.");
    }
}
