using Ann.Core;
using Ann.Core.Files;

namespace Ann.Tool;

/// <summary>Refuses an output that cannot work before hours go into its content.</summary>
internal static class OutputPath
{
    /// <summary>Checks directory and extension; a device takes any.</summary>
    /// <exception cref="AnnException">InvalidArgument: no such directory, a directory itself, or another extension.</exception>
    public static void Require(IFileSystem files, string path, params ReadOnlySpan<string> extensions)
    {
        if (files.IsDevice(path))
            return;
        if (extensions.Length > 0 && !extensions.Contains(Path.GetExtension(path).ToLowerInvariant()))
            throw AnnException.BadInput(path, "", $"expected the extension {string.Join(" or ", extensions.ToArray())}.");
        if (files.DirectoryExists(path))
            throw AnnException.BadInput(path, "", "it is a directory; a file was expected.");
        string? directory = Path.GetDirectoryName(Path.GetFullPath(path));
        if (directory is not null && !files.DirectoryExists(directory))
            throw AnnException.BadInput(path, "", $"cannot be written: there is no directory {directory}.");
    }
}
