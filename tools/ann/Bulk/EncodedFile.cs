using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Encoding;

namespace Ann.Tool.Bulk;

/// <summary>What an encoding is to write, and what decides it.</summary>
/// <param name="Output">The file of vectors. Its sidecars go beside it.</param>
/// <param name="Encoder">Who makes them.</param>
/// <param name="Attributes">Attributes of the rows; null for none.</param>
/// <param name="Settings">All that decides what is written, for <see cref="EncodeJournal"/>.</param>
/// <param name="Checkpoint">Least time between two moments at which what was written is made durable.</param>
internal sealed record EncodedContent(
    string Output, EncoderInfo Encoder, AttributeSchema? Attributes, IReadOnlyDictionary<string, string> Settings, TimeSpan Checkpoint);

/// <summary>
/// The vectors that an encoder makes, and the sidecars with their keys and attributes. They grow in files beside the output
/// (<c>OUTPUT.part</c>, <c>.part.keys</c>, <c>.part.attributes</c>) and are made durable now and then, with a journal of what counts.
/// All appear under their names at <see cref="Commit"/>, or none. What ends earlier leaves them, once there was such a moment; otherwise it
/// leaves nothing.
/// </summary>
internal sealed class EncodedFile : IDisposable
{
    private const string LockSuffix = EncodeJournal.Suffix + ".lock";

    private readonly ToolContext _tool;
    private readonly EncodedContent _content;
    private readonly PartFile _vectors;
    private readonly PartFile _keys;
    private readonly PartFile? _attributes;
    private readonly IDisposable _lock;
    private readonly JsonLines _lines = new();
    private readonly XxHash3 _hash = new();
    private EncodeJournal _now;
    private long _checkpointAt;
    private bool _isDurable;
    private bool _isDone;

    private EncodedFile(ToolContext tool, EncodedContent content, IDisposable taken, EncodeJournal? journal)
    {
        _tool = tool;
        _lock = taken;
        _content = content;
        _isDurable = journal is not null;
        _now = journal ?? new EncodeJournal
        {
            Settings = new(content.Settings),
            ItemsRead = 0,
            ItemsHash = "",
            LeftOut = 0,
            Rows = 0,
            KeyType = EnumNames<KeyKind>.Plain.Of(KeyKind.UInt64),
            KeyBytes = 0,
            AttributeBytes = 0,
        };
        EncodedHeaders headers = new(content);
        List<PartFile> opened = [];
        try
        {
            _vectors = Part("", headers.Vectors, _now.Rows * RowBytes);
            _keys = Part(EncodedParts.KeysSuffix, headers.Keys, _now.KeyBytes);
            if (content.Attributes is not null)
                _attributes = Part(EncodedParts.AttributesSuffix, headers.Attributes, _now.AttributeBytes);
        }
        catch
        {
            opened.ForEach(file =>
            {
                if (_isDurable)
                    file.Dispose();
                else
                    file.Delete();
            });
            throw;
        }
        _checkpointAt = tool.Time.GetTimestamp();

        PartFile Part(string suffix, byte[] room, long length)
        {
            string path = content.Output + EncodeJournal.Suffix + suffix;
            PartFile file = journal is null
                ? PartFile.Begin(tool.Files, path, room)
                : PartFile.Continue(tool.Files, path, room, length);
            opened.Add(file);
            return file;
        }
    }

    /// <summary>Rows written so far.</summary>
    public long Written => _now.Rows;

    /// <summary>Items of the input that these rows are of, those that were left out too; 0 where no earlier run is gone on with.</summary>
    public long ItemsRead => _now.ItemsRead;

    /// <summary>Hash of those items.</summary>
    public UInt128 ItemsHash => UInt128.TryParse(_now.ItemsHash, NumberStyles.HexNumber, null, out UInt128 hash) ? hash : 0;

    /// <summary>Items left out.</summary>
    public long LeftOut => _now.LeftOut;

    private int Dimension => _content.Encoder.Dimension;

    private long RowBytes => (long)sizeof(float) * Dimension;

    /// <summary>Begins an output, or goes on with one.</summary>
    /// <param name="tool">Whose files and clock.</param>
    /// <param name="content">What is to be written.</param>
    /// <param name="resumes">True goes on where there is something to go on with; false refuses that.</param>
    /// <exception cref="AnnException">
    /// InvalidArgument: an output that cannot be written; an encoding that did not end, and none is to be resumed, or of other settings.
    /// </exception>
    public static EncodedFile Open(ToolContext tool, EncodedContent content, bool resumes)
    {
        EncodedHeaders.Require(tool, content);
        IDisposable taken = Take(tool, content.Output);
        try
        {
            return Open(tool, content, taken, resumes);
        }
        catch
        {
            LetGo(tool, content.Output, taken);
            throw;
        }
    }

    private static EncodedFile Open(ToolContext tool, EncodedContent content, IDisposable taken, bool resumes)
    {
        EncodeJournal? journal = EncodeJournal.Read(tool.Files, content.Output);
        if (journal is null)
        {
            if (resumes)
                tool.Notice($"{content.Output}: there is nothing to resume; it is begun.");
            return new EncodedFile(tool, content, taken, null);
        }
        if (!resumes)
        {
            throw AnnException.BadInput(
                content.Output + EncodeJournal.Suffix, "",
                $"it holds {journal.Rows:N0} rows of an encoding that did not end. --resume goes on with it; remove "
                + $"{EncodeJournal.PathOf(content.Output)} to begin anew.");
        }
        journal.RequireSame(content.Output, content.Settings);
        if (journal.IsComplete)
            EncodedParts.TakeBack(tool.Files, content.Output);
        EncodedFile file = new(tool, content, taken, journal);
        try
        {
            file.HashAgain();
        }
        catch
        {
            file.Close();
            throw;
        }
        tool.Notice($"{content.Output}: {journal.Rows:N0} rows are there; it goes on with item {journal.ItemsRead + 1:N0}.");
        return file;
    }

    /// <summary>Appends rows with their keys and attributes.</summary>
    /// <param name="rows">Row-major.</param>
    /// <param name="keys">A key a row.</param>
    /// <param name="attributes">An item a row; null for none.</param>
    /// <param name="source">How far the input was read for them.</param>
    public void Write(ReadOnlySpan<float> rows, KeyColumn keys, AttributeBatch? attributes, ItemBlock? source = null)
    {
        _hash.Append(MemoryMarshal.AsBytes(rows));
        _vectors.Stream.Write(MemoryMarshal.AsBytes(rows));
        KeySidecar.WriteKeys(_keys.Stream, keys);
        for (int item = 0; _attributes is not null && item < keys.Count; item++)
        {
            AttributeJson.WriteMembers(_lines.Begin(), attributes!, item);
            _lines.End(_attributes.Stream);
        }
        _now = _now with
        {
            Rows = _now.Rows + keys.Count,
            ItemsRead = source?.ItemsRead ?? _now.ItemsRead + keys.Count,
            ItemsHash = source?.Hash.ToString("x32", null) ?? "",
            LeftOut = source?.LeftOut ?? 0,
            KeyType = EnumNames<KeyKind>.Plain.Of(keys.Kind),
            KeyBytes = _keys.Length,
            AttributeBytes = _attributes?.Length ?? 0,
        };
        if (source is not null && _tool.Time.GetElapsedTime(_checkpointAt) >= _content.Checkpoint)
            MakeDurable();
    }

    /// <summary>Makes all files appear.</summary>
    /// <param name="keysDiffer">True when the keys were compared already.</param>
    /// <returns>The sidecar with the keys.</returns>
    /// <exception cref="AnnException">InvalidArgument: two rows have one key, or there are no rows.</exception>
    public string Commit(bool keysDiffer)
    {
        EncodedParts rows = new(
            _content, _now.Rows, EnumNames<KeyKind>.Plain.Parse(_now.KeyType), InputRows.RowsHash(_hash), _vectors, _keys, _attributes);
        rows.Complete(_tool, keysDiffer);
        if (_isDurable)
            (_now with { IsComplete = true }).Write(_tool.Files, _content.Output);
        string sidecar = rows.Commit(_tool);
        _isDone = true;
        return sidecar;
    }

    /// <summary>Keeps what is durable, and removes what never was.</summary>
    public void Dispose()
    {
        _lines.Dispose();
        End();
        LetGo(_tool, _content.Output, _lock);
    }

    private void End()
    {
        if (_isDone)
            return;
        if (!_isDurable)
        {
            _vectors.Delete();
            _keys.Delete();
            _attributes?.Delete();
            return;
        }
        try
        {
            MakeDurable();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The disk is full or fails: what was durable before is what is kept.
        }
        Close();
        _tool.Notice(
            $"{_content.Output}{EncodeJournal.Suffix} keeps what was encoded; --resume goes on with it.");
    }

    /// <summary>Two that write one output would mix their rows.</summary>
    private static IDisposable Take(ToolContext tool, string output)
    {
        try
        {
            return tool.Files.Lock(output + LockSuffix);
        }
        catch (AnnException e) when (e.Error == AnnError.FailedPrecondition)
        {
            throw AnnException.BadInput(
                output, "", $"cannot be written: another process has taken {output}{LockSuffix}, or it cannot be made.", e);
        }
    }

    private static void LetGo(ToolContext tool, string output, IDisposable taken)
    {
        taken.Dispose();
        tool.Files.Delete(output + LockSuffix);
    }

    private void Close()
    {
        _vectors.Dispose();
        _keys.Dispose();
        _attributes?.Dispose();
    }

    private void MakeDurable()
    {
        _vectors.Flush();
        _keys.Flush();
        _attributes?.Flush();
        _now.Write(_tool.Files, _content.Output);
        _isDurable = true;
        _checkpointAt = _tool.Time.GetTimestamp();
    }

    private void HashAgain()
    {
        using Stream stream = _tool.Files.OpenRead(_vectors.Path);
        stream.Position = new EncodedHeaders(_content).Vectors.Length;
        byte[] buffer = new byte[1 << 16];
        for (long left = _now.Rows * RowBytes; left > 0;)
        {
            int read = stream.ReadAtLeast(buffer.AsSpan(0, (int)Math.Min(left, buffer.Length)), 1, throwOnEndOfStream: true);
            _hash.Append(buffer.AsSpan(0, read));
            left -= read;
        }
    }
}
