using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding.Defaults;
using Ann.Encoding.Descriptions;

namespace Ann.Encoding;

/// <summary>
/// Copies an encoder to a directory of its own: the files that opening it reads, and none of the others that lie beside them. What was
/// copied is opened, and must be the same encoder.
/// </summary>
internal static class EncoderCopy
{
    /// <summary>Copies an encoder directory or a model file.</summary>
    /// <param name="files">Where both are.</param>
    /// <param name="encoder">The encoder.</param>
    /// <param name="directory">Where its files go: a directory that is not there yet, in one that is.</param>
    /// <param name="options">How to open it.</param>
    /// <param name="cancellation">Ends it between files.</param>
    /// <returns>Which encoder it is.</returns>
    /// <exception cref="AnnException">
    /// What the encoder says; InvalidArgument: it reads a file outside its directory, or the copy is another encoder.
    /// </exception>
    public static EncoderInfo Run(
        IFileSystem files, string encoder, string directory, EncoderOptions options, CancellationToken cancellation)
    {
        ReadFiles read = new(files);
        EncoderInfo original = InfoOf(read, encoder, options);
        string root = files.FileExists(encoder) ? Path.GetDirectoryName(encoder) ?? "" : encoder;
        string[] names = [.. read.Paths.Select(path => NameOf(root, path))];
        DirectoryTree.Create(files, directory, names);
        foreach (string name in names)
            FileCopy.Run(files, Path.Combine(root, name), Path.Combine([directory, .. name.Split('/')]), long.MaxValue, cancellation);
        return RequireSame(original, InfoOf(files, directory, options), directory);
    }

    /// <summary>Writes the embedded encoder.</summary>
    /// <inheritdoc cref="Run"/>
    /// <param name="files">Where the cache and the directory are.</param>
    /// <param name="cacheDirectory">Where the embedded encoder is kept.</param>
    /// <param name="directory">Where its files go.</param>
    /// <param name="options">How to open it.</param>
    public static EncoderInfo WriteDefault(IFileSystem files, string cacheDirectory, string directory, EncoderOptions options)
    {
        byte[] model = DefaultModelCache.Load(files, cacheDirectory, out _);
        DirectoryTree.Create(files, directory, []);
        Write("model.onnx", model);
        Write(EncoderDescription.FileName, EncoderDescriptionWriter.Write(DefaultModel.Description));
        using TextEncoder original = TextEncoder.OpenDefault(files, cacheDirectory, options);
        return RequireSame(original.Info, InfoOf(files, directory, options), directory);

        void Write(string name, byte[] content)
        {
            using AtomicFile file = new(files, Path.Combine(directory, name));
            file.Stream.Write(content);
            file.Commit();
        }
    }

    /// <summary>Opens an encoder to see which one it is.</summary>
    /// <exception cref="AnnException">What the encoder says.</exception>
    public static EncoderInfo InfoOf(IFileSystem files, string encoder, EncoderOptions options)
    {
        if (EncoderDraft.KindOf(files, encoder) == EncoderKind.Features)
        {
            using FeatureEncoder features = FeatureEncoder.Open(files, encoder, options);
            return features.Info;
        }
        using TextEncoder text = TextEncoder.Open(files, encoder, options);
        return text.Info;
    }

    private static string NameOf(string root, string path)
    {
        string name = Path.GetRelativePath(root.Length == 0 ? "." : root, path).Replace('\\', '/');
        return name.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(name)
            ? throw AnnException.BadInput(path, "", $"expected a file in the encoder's directory {root}.")
            : name;
    }

    private static EncoderInfo RequireSame(EncoderInfo original, EncoderInfo copy, string directory) =>
        copy.Fingerprint == original.Fingerprint
            ? original
            : throw AnnException.BadInput(
                directory, "",
                $"the copy of encoder '{original.Name}' has the fingerprint {copy.FingerprintText}; expected {original.FingerprintText}.");
}
