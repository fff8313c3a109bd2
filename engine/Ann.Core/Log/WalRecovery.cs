using Ann.Core.Files;
using Ann.Core.Records;

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
            using RecordReader reader = new(files, path, WalFileHeader.Format);
            byte[] start = reader.ReadHeader();
            long expected = i == 0 ? first : found[^1].Next;
            bool isLast = i == paths.Count - 1;

            if (isLast && reader.NeverHadRecord && first <= expected
                && (first < expected || !WalFileHeader.Format.IsWholeHeader(start)))
            {
                abandoned = path;
                break;
            }
            WalFileHeader header = WalFileHeader.Read(path, start, shape);
            if (first != expected)
                throw RecordFormat.BadHeader(
                    path, 24, $"the log has a gap: this file begins at {first}, and the one before ends before {expected}.");
            reader.Begin(header.Salt, isLast ? default : new WholePart(reader.Length, "another file follows"));
            found.Add(CheckRecords(reader, new WalFile(path, header)));
        }
        return found;
    }

    private static WalFile CheckRecords(RecordReader reader, WalFile file)
    {
        WalShape shape = file.Header.Shape;
        while (reader.TryReadHead())
        {
            WalRecordHead head = WalRecordHead.Of(reader, shape);
            if (head.FirstSequence != file.Next)
            {
                reader.RequireTornTail(
                    reader.Offset, $"the log has a gap: a record of sequence {head.FirstSequence} where {file.Next} was expected");
                break;
            }
            if (WalRecordCodec.Read(reader, head, shape) is null)
                break;
            reader.Advance();
            file = file.With(head.FirstSequence, head.NextSequence, reader.Offset);
        }
        return file;
    }
}
