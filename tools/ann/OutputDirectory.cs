using Ann.Core;
using Ann.Core.Files;

namespace Ann.Tool;

/// <summary>
/// A directory that appears under its name only when all of it is there: it is filled beside the name, and renamed in one step.
/// Disposing without <see cref="Commit"/> leaves nothing.
/// </summary>
internal sealed class OutputDirectory : IDisposable
{
    private readonly IFileSystem _files;
    private readonly string _work;
    private bool _isDone;

    /// <param name="files">Where it is to be.</param>
    /// <param name="path">Its name: nothing, or an empty directory.</param>
    /// <exception cref="AnnException">InvalidArgument: as <see cref="RequireNew"/>, or it cannot be written there.</exception>
    public OutputDirectory(IFileSystem files, string path)
    {
        RequireNew(files, path);
        _files = files;
        Path = System.IO.Path.TrimEndingDirectorySeparator(path);
        _work = $"{Path}.{Environment.ProcessId}.partial";
        try
        {
            DirectoryTree.Delete(files, _work); // of a process of the same number that was killed
            files.CreateDirectory(_work);
        }
        catch (UnauthorizedAccessException e)
        {
            throw AnnException.BadInput(path, "", "cannot be made: " + e.Message, e);
        }
    }

    /// <summary>Its name.</summary>
    public string Path { get; }

    /// <summary>Where a part of it is written until <see cref="Commit"/>.</summary>
    /// <param name="part">As <see cref="System.IO.Path.Combine(string, string)"/> takes it.</param>
    public string this[string part] => System.IO.Path.Combine(_work, part);

    /// <summary>Where that part is afterwards.</summary>
    public string Final(string part) => System.IO.Path.Combine(Path, part);

    /// <summary>Gives it its name. All files were committed before.</summary>
    public void Commit()
    {
        foreach (string directory in _files.ListDirectories(_work))
            _files.FlushDirectory(directory);
        _files.FlushDirectory(_work);
        _files.DeleteDirectory(Path);
        _files.RenameDirectory(_work, Path);
        _isDone = true;
        _files.FlushDirectory(System.IO.Path.GetDirectoryName(Path) is { Length: > 0 } above ? above : ".");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isDone)
            DirectoryTree.Delete(_files, _work);
    }

    /// <summary>Refuses a directory that holds something, a file, and one that cannot be made.</summary>
    /// <exception cref="AnnException">InvalidArgument: names it and what was expected.</exception>
    public static void RequireNew(IFileSystem files, string path)
    {
        if (files.FileExists(path))
            throw AnnException.BadInput(path, "", "it is a file; a directory that is not there yet was expected.");
        if (files.DirectoryExists(path) && (files.ListFiles(path, "*").Count > 0 || files.ListDirectories(path).Count > 0))
            throw AnnException.BadInput(path, "", "it is not empty; a directory that is not there yet was expected.");
        string? above = System.IO.Path.GetDirectoryName(
            System.IO.Path.GetFullPath(System.IO.Path.TrimEndingDirectorySeparator(path)));
        if (above is not null && !files.DirectoryExists(above))
            throw AnnException.BadInput(path, "", $"cannot be made: there is no directory {above}.");
    }
}
