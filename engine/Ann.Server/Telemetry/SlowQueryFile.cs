using Ann.Core;
using Ann.Core.Files;

namespace Ann.Server.Telemetry;

/// <summary>A bounded file of lines: when it has half of what it may take, it becomes the one before, and a new one begins.</summary>
internal sealed class SlowQueryFile : IDisposable
{
    /// <summary>What the name of the file before ends with.</summary>
    public const string Older = ".1";

    private readonly IFileSystem _files;
    private readonly string _path;
    private readonly long _half;
    private IAppendFile? _file;

    /// <param name="files">Where it is.</param>
    /// <param name="path">The file; goes on with one that is there.</param>
    /// <param name="mostBytes">Of it and the one before together.</param>
    /// <exception cref="AnnException">InvalidArgument: it cannot be written.</exception>
    public SlowQueryFile(IFileSystem files, string path, long mostBytes)
    {
        _files = files;
        _path = path;
        _half = mostBytes / 2;
        try
        {
            _file = files.OpenAppend(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AnnException.BadInput(path, "", $"slow queries cannot be written there: {e.Message}", e);
        }
    }

    /// <summary>Writes a line. One that alone is longer than half of what there may be is left out.</summary>
    /// <returns>False where it was left out.</returns>
    /// <exception cref="IOException">Nothing is written now; a later line may be.</exception>
    public bool Write(ReadOnlySpan<byte> line)
    {
        if (line.Length + 1 > _half)
            return false;
        _file ??= _files.OpenAppend(_path);
        if (_file.Length + line.Length + 1 > _half)
            Turn();
        long before = _file.Length;
        try
        {
            _file.Append([.. line, (byte)'\n']);
        }
        catch (IOException)
        {
            _file.Truncate(before); // half a line would spoil the next
            throw;
        }
        return true;
    }

    public void Dispose() => _file?.Dispose();

    private void Turn()
    {
        _file!.Dispose();
        _file = null;
        _files.Replace(_path, _path + Older);
        _file = _files.OpenAppend(_path);
    }
}
