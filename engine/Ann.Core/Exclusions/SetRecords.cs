using Ann.Core.Keys;

namespace Ann.Core.Exclusions;

/// <summary>Records of item sets on their way to the file.</summary>
internal sealed class SetRecords
{
    private const int KeptBytes = 1 << 20;

    private byte[] _bytes = [];

    /// <summary>Bytes so far.</summary>
    public int Length { get; private set; }

    /// <summary>All of them.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Adds a record.</summary>
    public void Add(SetLog log, SetRecordKind kind, string name, bool begins, long expiresAt, KeySpan keys)
    {
        byte[] record = Encode(kind, name, begins, expiresAt, keys, log.FlushedBytes, log.Salt);
        if (_bytes.Length - Length < record.Length)
            Array.Resize(ref _bytes, Math.Max(Length + record.Length, 2 * _bytes.Length));
        record.CopyTo(_bytes, Length);
        Length += record.Length;
    }

    /// <summary>Begins again.</summary>
    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > KeptBytes)
            _bytes = [];
    }

    /// <summary>Writes sets as the records of a file that holds nothing else.</summary>
    public static void WriteAll(Stream stream, ulong salt, IEnumerable<SetKeys> sets)
    {
        foreach (SetKeys set in sets)
        {
            int from = 0;
            do
            {
                KeySpan run = set.Run;
                int count = Math.Min(SetRecordHead.MaxKeys, run.Count - from);
                stream.Write(Encode(
                    SetRecordKind.Append, set.Name, begins: from == 0, set.ExpiresAt, run.Slice(from, count), SetLogHeader.Size, salt));
                from += count;
            }
            while (from < set.Count);
        }
    }

    private static byte[] Encode(
        SetRecordKind kind, string name, bool begins, long expiresAt, KeySpan keys, long flushedBytes, ulong salt)
    {
        int nameBytes = System.Text.Encoding.UTF8.GetByteCount(name);
        byte[] bytes = new byte[SetRecordHead.SizeOf(nameBytes, keys)];
        SetRecordHead head = new()
        {
            Kind = kind,
            Begins = begins,
            NameBytes = nameBytes,
            Count = keys.Count,
            ExpiresAt = expiresAt,
        };
        head.Write(bytes, name, keys, flushedBytes, salt);
        return bytes;
    }
}

/// <summary>Something that changes the sets, done by their one writer.</summary>
/// <param name="stage">What to do; returns what its caller is told. Throws only what its caller is to be told.</param>
internal sealed class SetChange(Func<long> stage)
{
    private readonly TaskCompletionSource<long> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _failure;
    private long _result;

    /// <summary>Ends when it is on disk.</summary>
    public Task<long> Done => _done.Task;

    /// <summary>Does it, for the writer only.</summary>
    public void Stage()
    {
        try
        {
            _result = stage();
        }
        catch (AnnException e)
        {
            _failure = e;
        }
    }

    /// <summary>It, or what it shares a write with, failed. What its caller is told first stays.</summary>
    public void Fail(Exception e) => _failure ??= e;

    /// <summary>Tells the caller.</summary>
    public void Finish()
    {
        if (_failure is null)
            _done.TrySetResult(_result);
        else
            _done.TrySetException(_failure);
    }
}
