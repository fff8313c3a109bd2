using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding.Descriptions;

namespace Ann.Encoding;

/// <summary>An <c>encoder.json</c> made of what is found beside a model, and of the model itself.</summary>
/// <param name="Directory">Where it belongs.</param>
/// <param name="Shape">What the model reads and gives; the answers have their paths.</param>
/// <param name="Info">The encoder that it describes.</param>
internal sealed record EncoderDraft(string Directory, EncoderShape Shape, EncoderInfo Info)
{
    /// <summary>The content of <c>encoder.json</c>.</summary>
    public byte[] Content => EncoderDescriptionWriter.Write(Shape.Resolved);

    /// <summary>What an encoder reads: as its <c>encoder.json</c> says, else texts where a tokenizer is beside the model.</summary>
    /// <exception cref="AnnException">There is no such encoder.</exception>
    public static EncoderKind KindOf(IFileSystem files, string path)
    {
        if (files.FileExists(path))
            return EncoderKind.Features;
        EncoderDirectory source = EncoderDirectory.Open(files, path);
        return source.Description.Kind ?? (source.Description.Tokenizer is null && source.First("tokenizer.json", "vocab.txt") is null
            ? EncoderKind.Features
            : EncoderKind.Text);
    }

    /// <summary>Opens a model as if there were no <c>encoder.json</c>, and tells what one would say.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">A model, or a directory with one. A model in a folder <c>onnx</c> belongs to the directory above.</param>
    /// <param name="options">How to open it.</param>
    /// <exception cref="AnnException">There is none, or it is no encoder.</exception>
    public static EncoderDraft Of(IFileSystem files, string path, EncoderOptions options)
    {
        string? model = files.FileExists(path) ? path : null;
        if (model is null && !files.DirectoryExists(path))
            throw new AnnException(AnnError.NotFound, $"{path}: no such model; expected an .onnx file, or a directory with one.");
        string root = model is null ? path : Path.GetDirectoryName(model) is { Length: > 0 } directory ? directory : ".";
        if (model is not null && Path.GetFileName(root) == "onnx")
            root = Path.GetDirectoryName(root) is { Length: > 0 } above ? above : ".";

        EncoderDirectory source = EncoderDirectory.Undescribed(files, root, model);
        string? tokenizer = source.First("tokenizer.json", "vocab.txt");
        (EncoderShape shape, EncoderInfo info) = tokenizer is null
            ? FeatureEncoder.Inspect(source, options)
            : TextEncoder.Inspect(source, options);
        EncoderDescription resolved = shape.Resolved with
        {
            Model = Path.GetRelativePath(root, source.ModelPath).Replace('\\', '/'),
            Tokenizer = tokenizer is null ? null : new TokenizerDescription { File = tokenizer.Replace('\\', '/') },
        };
        return new EncoderDraft(root, shape with { Resolved = resolved }, info);
    }
}
