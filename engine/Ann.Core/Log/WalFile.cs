namespace Ann.Core.Log;

/// <summary>One file of a log, as its writer knows it.</summary>
/// <param name="Path">The file.</param>
/// <param name="Header">Its first bytes.</param>
internal sealed record WalFile(string Path, WalFileHeader Header)
{
    /// <summary>Bytes that count.</summary>
    public long Length { get; init; } = WalFileHeader.Size;

    /// <summary>Sequence after the last of its items.</summary>
    public long Next { get; init; } = Header.First;

    /// <summary>First sequence of its last record; 0 when it has none.</summary>
    public long LastStart { get; init; }

    /// <summary>Salt of the file that its last record says follows; null while nothing says so.</summary>
    public ulong? NextSalt { get; init; }

    /// <summary>Sequence of the first item that it can hold.</summary>
    public long First => Header.First;

    /// <summary>True when it holds no record at all.</summary>
    public bool IsEmpty => LastStart == 0;

    /// <summary>The file with one more record.</summary>
    public WalFile With(long firstSequence, long nextSequence, long length) =>
        this with { LastStart = firstSequence, Next = nextSequence, Length = length };

    /// <summary>The file with the record that ends it.</summary>
    public WalFile EndedBefore(ulong nextSalt, long length) => this with { NextSalt = nextSalt, Length = length };

    /// <summary>
    /// True when every record belongs before a sequence; one without items does when the item before it does not count either.
    /// </summary>
    public bool IsBefore(long sequence) => Next <= sequence && LastStart < sequence;
}
