using System.Diagnostics;
using Ann.Core;
using Ann.Core.Files;

namespace Ann.Encoding.Defaults;

/// <summary>
/// Keeps <see cref="DefaultModel"/> as a file, which other tools can open too. The file is a copy of something that can always be written
/// again: a missing or damaged one is replaced, and one that cannot be written is only a notice.
/// </summary>
internal static class DefaultModelCache
{
    // AtomicFile names its temporary after the process, so writers inside one process take turns; between processes the rename decides,
    // and both write the same bytes.
    private static readonly Lock Writing = new();

    /// <summary>File name inside the cache directory; the hash makes room for other versions beside it.</summary>
    public static string FileName { get; } = $"ann-default-{DefaultModel.ContentHash:x16}.onnx";

    /// <summary>The model's bytes, from the cache when they are there and intact.</summary>
    /// <param name="files">Where the cache is.</param>
    /// <param name="directory">The cache; created when missing.</param>
    /// <param name="notice">What a person should know, or null.</param>
    public static byte[] Load(IFileSystem files, string directory, out string? notice)
    {
        string path = Path.Combine(directory, FileName);
        lock (Writing)
        {
            if (TryRead(files, path, out byte[] cached, out notice))
                return cached;

            byte[] model = DefaultModel.Write();
            Debug.Assert(DefaultModel.Hash(model) == DefaultModel.ContentHash, "the writer and the pinned hash go together");
            notice = Store(files, directory, path, model) ?? notice;
            return model;
        }
    }

    private static bool TryRead(IFileSystem files, string path, out byte[] model, out string? notice)
    {
        model = [];
        notice = null;
        try
        {
            if (!files.FileExists(path))
                return false;
            model = EncoderFiles.ReadAll(files, path);
        }
        catch (Exception e) when (e is IOException or AnnException)
        {
            notice = $"{path} could not be read ({e.Message}); the default encoder was generated again.";
            return false;
        }
        if (DefaultModel.Hash(model) == DefaultModel.ContentHash)
            return true;
        notice = $"{path} was damaged; the default encoder was generated again.";
        return false;
    }

    private static string? Store(IFileSystem files, string directory, string path, byte[] model)
    {
        try
        {
            files.CreateDirectory(directory);
            using AtomicFile file = new(files, path);
            file.Stream.Write(model);
            file.Commit();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or AnnException)
        {
            return $"{path} could not be written ({e.Message}); the default encoder works without it.";
        }
    }
}
