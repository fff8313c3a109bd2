using Ann.Core.Files;
using Ann.Core.Records;

namespace Ann.Core.Log;

/// <summary>
/// Finds out what of a log survived: whole files, and a last one that may end in a torn record. Damage elsewhere is refused, and so is a
/// file that is missing.
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
    /// <param name="newestFile">Name of a file that must be there; null when none must.</param>
    /// <param name="abandoned">
    /// A last file without a record that nothing before it names, or without a place: the beginning of a file that never came to be.
    /// </param>
    /// <returns>The files in order; the last one's length may be less than that of the file on disk.</returns>
    /// <exception cref="AnnException">Corrupt: names file and byte.</exception>
    public static List<WalFile> Check(
        IFileSystem files, string directory, WalShape shape, string? newestFile, out string? abandoned)
    {
        abandoned = null;
        List<string> paths = FindFiles(files, directory);
        // Until the last file has a record, what names it may be torn.
        bool mayEndTorn = paths.Count > 1 && HasNoRecord(files, paths[^1]);
        List<WalFile> found = [];
        for (int i = 0; i < paths.Count; i++)
        {
            string path = paths[i];
            _ = WalFileHeader.TryParseName(path, out long first);
            using RecordReader reader = new(files, path, WalFileHeader.Format);
            byte[] start = reader.ReadHeader();
            long expected = i == 0 ? first : found[^1].Next;
            ulong? salt = i == 0 ? null : found[^1].NextSalt;
            bool isLast = i == paths.Count - 1;

            if (isLast && salt is null && reader.NeverHadRecord && first <= expected
                && (i > 0 || !WalFileHeader.Format.IsWholeHeader(start)))
            {
                abandoned = path;
                break;
            }
            if (salt is not null && first != expected)
                throw Missing(directory, found[^1]);
            WalFileHeader header = WalFileHeader.Read(path, start, shape);
            if (first != expected)
                throw RecordFormat.BadHeader(
                    path, 24, $"the log has a gap: this file begins at {first}, and the one before ends before {expected}.");
            if (salt is not null && salt != header.Salt)
                throw RecordFormat.BadHeader(
                    path, 32, $"its salt is {header.Salt:x16}; the file before it is followed by one of salt {salt:x16}.");
            bool isWhole = !isLast && !(mayEndTorn && i == paths.Count - 2);
            reader.Begin(header.Salt, isWhole ? new WholePart(reader.Length, "another file follows") : default);
            found.Add(CheckRecords(reader, new WalFile(path, header)));
        }
        if (found is [.., { NextSalt: not null } end])
            throw Missing(directory, end);
        if (newestFile is not null && !found.Exists(file => Path.GetFileName(file.Path) == newestFile))
        {
            throw Path.GetFileName(abandoned) == newestFile
                ? RecordFormat.BadHeader(abandoned!, 0, "the manifest names the file, and it holds no whole header.")
                : AnnException.Corrupt(Path.Combine(directory, newestFile), "file", 0, "the manifest names it, and it is missing.");
        }
        return found;
    }

    private static bool HasNoRecord(IFileSystem files, string path)
    {
        using RecordReader reader = new(files, path, WalFileHeader.Format);
        return reader.NeverHadRecord;
    }

    private static AnnException Missing(string directory, WalFile before) => AnnException.Corrupt(
        Path.Combine(directory, WalFileHeader.NameOf(before.Next)), "file", 0,
        $"it is missing; {Path.GetFileName(before.Path)} ends with a record that says that the log goes on in it.");

    private static WalFile CheckRecords(RecordReader reader, WalFile file)
    {
        WalShape shape = file.Header.Shape;
        while (reader.TryReadHead())
        {
            WalRecordHead head = WalRecordHead.Of(reader, shape);
            if (file.NextSalt is not null)
                throw reader.Corrupt("a record follows the one that ends the file.");
            if (head.FirstSequence != file.Next)
            {
                reader.RequireTornTail(
                    reader.Offset, $"the log has a gap: a record of sequence {head.FirstSequence} where {file.Next} was expected");
                break;
            }
            bool isWhole = head.IsEnd ? reader.TryReadBody(out _) : WalRecordCodec.Read(reader, head, shape) is not null;
            if (!isWhole)
                break;
            reader.Advance();
            file = head.IsEnd
                ? file.EndedBefore(head.EncoderFingerprint!.Value, reader.Offset)
                : file.With(head.FirstSequence, head.NextSequence, reader.Offset);
        }
        return file;
    }
}
