using System.Diagnostics;

namespace Ann.Core.Log;

/// <summary>
/// The last record of a file that another one follows: a head without a body, which names the next file by its first sequence and its
/// salt. It is written and flushed when the next file is on disk, and before that one's first record: so where a log ends with such a
/// record, a file is missing. Files of older builds have none.
/// </summary>
internal static class WalEnd
{
    /// <summary>Kind of the record, beside those of <see cref="WalRecordKind"/>.</summary>
    public const byte Kind = 3;

    /// <summary>The record that ends a file.</summary>
    /// <param name="file">The file, all of it flushed.</param>
    /// <param name="next">Header of the one that follows.</param>
    public static byte[] ToBytes(WalFile file, WalFileHeader next)
    {
        Debug.Assert(file.NextSalt is null, "a file ends once");
        Debug.Assert(next.First == file.Next, "files follow each other without a gap");
        byte[] record = new byte[WalRecordHead.Size];
        WalRecordHead head = new()
        {
            Kind = Kind,
            EncoderFingerprint = next.Salt,
            ProducerBytes = 0,
            Count = 0,
            FirstSequence = next.First,
            ProducerSequence = 0,
        };
        head.Write(record);
        WalFileHeader.Format.SealRecord(record, file.Length, file.Header.Salt);
        return record;
    }
}
