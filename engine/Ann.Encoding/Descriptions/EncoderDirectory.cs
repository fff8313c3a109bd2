using System.Diagnostics;
using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding.Onnx;

namespace Ann.Encoding.Descriptions;

/// <summary>The files of one encoder, found and read.</summary>
internal sealed class EncoderDirectory
{
    private readonly IFileSystem? _files; // null: everything is in memory
    private readonly string? _descriptionPath;
    private readonly long _maxModelBytes;
    private readonly Func<byte[]>? _makeModel;
    private IReadOnlyList<string> _weights = [];
    private OnnxModel? _model;
    private string _kind = "";
    private ulong? _fingerprint; // of the model alone

    private EncoderDirectory(
        IFileSystem files, string path, EncoderDescription description, string? descriptionPath, string modelPath, long maxModelBytes)
    {
        _files = files;
        _descriptionPath = descriptionPath;
        Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        Root = path == modelPath ? Path.GetDirectoryName(path) ?? "" : path;
        Description = description;
        ModelPath = modelPath;
        _maxModelBytes = maxModelBytes;
    }

    private EncoderDirectory(string name, EncoderDescription description, Func<byte[]> makeModel)
    {
        Name = Root = ModelPath = name;
        Description = description;
        _makeModel = makeModel;
    }

    /// <summary>For people: the last part of the path.</summary>
    public string Name { get; }

    /// <summary>The directory that relative paths start from.</summary>
    public string Root { get; }

    /// <summary>What <c>encoder.json</c> says; nothing when there is none.</summary>
    public EncoderDescription Description { get; }

    /// <summary>What sentence-transformers and Hugging Face wrote beside the model; nothing for a single file.</summary>
    public SentenceTransformersFiles Beside { get; private init; } = new();

    /// <summary>False when there is no <c>encoder.json</c> and everything is inferred.</summary>
    public bool IsDescribed => _descriptionPath is not null || _files is null;

    /// <summary>The ONNX file.</summary>
    public string ModelPath { get; }

    /// <summary>Its content, read when it is first asked for, and again after <see cref="ForgetModel"/>.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.NotFound"/>: it is not there, or a file with weights of it is missing.
    /// <see cref="AnnError.FailedPrecondition"/>: it is larger than <see cref="EncoderOptions.MaxModelBytes"/>. Otherwise see
    /// <see cref="ExternalWeights.Find"/>.
    /// </exception>
    public OnnxModel Model => _model ??= ReadModel();

    /// <summary>Reads an encoder directory, or a single <c>.onnx</c> file.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.NotFound"/>: nothing is there. Otherwise see <see cref="EncoderDescriptionReader.Read"/>.
    /// </exception>
    public static EncoderDirectory Open(IFileSystem files, string path, long maxModelBytes = 0)
    {
        if (files.FileExists(path))
            return new EncoderDirectory(files, path, new EncoderDescription(), null, path, maxModelBytes);
        if (!files.DirectoryExists(path))
            throw new AnnException(AnnError.NotFound, $"{path}: no such encoder; expected a directory with model.onnx, or an .onnx file.");

        SentenceTransformersFiles beside = SentenceTransformersFiles.Read(files, path);
        string descriptionPath = Path.Combine(path, EncoderDescription.FileName);
        if (!files.FileExists(descriptionPath))
        {
            return new EncoderDirectory(files, path, new EncoderDescription(), null, FindModel(files, path, beside), maxModelBytes)
            {
                Beside = beside,
            };
        }

        EncoderDescription description = EncoderDescriptionReader.Read(descriptionPath, EncoderFiles.ReadAll(files, descriptionPath));
        string model = description.Model is { } named
            ? Existing(files, descriptionPath, "model", Path.Combine(path, named))
            : FindModel(files, path, beside);
        return new EncoderDirectory(files, path, description, descriptionPath, model, maxModelBytes) { Beside = beside };
    }

    /// <summary>Reads a directory as if it had no <c>encoder.json</c>, with a model that is named.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="root">The directory.</param>
    /// <param name="modelPath">The model; null to look for it.</param>
    /// <exception cref="AnnException">As <see cref="Open"/>.</exception>
    public static EncoderDirectory Undescribed(IFileSystem files, string root, string? modelPath)
    {
        SentenceTransformersFiles beside = SentenceTransformersFiles.Read(files, root);
        string model = modelPath ?? FindModel(files, root, beside);
        return new EncoderDirectory(files, root, new EncoderDescription(), null, model, maxModelBytes: 0) { Beside = beside };
    }

    /// <summary>An encoder that has no files.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="description">What <c>encoder.json</c> would say.</param>
    /// <param name="makeModel">Makes the same model each time.</param>
    public static EncoderDirectory InMemory(string name, EncoderDescription description, Func<byte[]> makeModel) =>
        new(name, description, makeModel);

    /// <summary>An error in a field of <c>encoder.json</c>, or in the model when there is no such file to blame.</summary>
    public AnnException Wrong(string field, string what) =>
        _descriptionPath is null
            ? AnnException.BadInput(ModelPath, "", what)
            : AnnException.BadInput(_descriptionPath, $"field '{field}'", what);

    /// <summary>What a field says, else what a file beside the model does.</summary>
    /// <param name="field">The field of <c>encoder.json</c>.</param>
    /// <param name="described">What it says; null for nothing.</param>
    /// <param name="said">What the file says; null for nothing.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: they contradict each other; names both.</exception>
    public T? Agreed<T>(string field, T? described, Said<T>? said)
        where T : struct =>
        described is { } value && said is not null && !value.Equals(said.Value)
            ? throw Contradiction(field, said.Place, said.Value.ToString()!.ToLowerInvariant(), value.ToString()!.ToLowerInvariant())
            : described ?? said?.Value;

    /// <summary>As the overload for values.</summary>
    public string? Agreed(string field, string? described, Said<string>? said) =>
        described is not null && said is not null && described != said.Value
            ? throw Contradiction(field, said.Place, $"\"{said.Value}\"", $"\"{described}\"")
            : described ?? said?.Value;

    /// <summary>Reads a file that a field names.</summary>
    public byte[] Read(string field, string relative, out string path)
    {
        Debug.Assert(_files is not null, "an encoder in memory has no further files");

        path = Path.Combine(Root, relative);
        return EncoderFiles.ReadAll(_files, _descriptionPath is null ? path : Existing(_files, _descriptionPath, field, path));
    }

    /// <summary>The first of some files that the directory has, by its path below it; null for none.</summary>
    public string? First(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
            foreach (string relative in (ReadOnlySpan<string>)[name, Path.Combine(Beside.TransformerFolder, name)])
                if (_files is not null && _files.FileExists(Path.Combine(Root, relative)))
                    return relative;
        return null;
    }

    /// <summary>Begins a fingerprint with the model and the files of its external weights, in the order of their names.</summary>
    /// <param name="kind">What the fingerprint is of.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.FailedPrecondition"/>: the model is not the one that it was at the first call.
    /// </exception>
    public EncoderFingerprint FingerprintOf(string kind)
    {
        _kind = kind;
        EncoderFingerprint fingerprint = new EncoderFingerprint().Add(kind).Add(Model.Content);
        foreach (string weights in _weights)
            fingerprint.Add(_files!, weights);
        if (_fingerprint is { } first && first != fingerprint.Value)
            throw new AnnException(
                AnnError.FailedPrecondition, $"{ModelPath} is another model than the one that was opened; restart to use it.");
        _fingerprint = fingerprint.Value;
        return fingerprint;
    }

    /// <summary>Reads the model again, for one that was opened before.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.FailedPrecondition"/>: it is another one now.</exception>
    public void RequireSameModel() => FingerprintOf(_kind);

    /// <summary>Lets go of the model's content, once ONNX Runtime has its own.</summary>
    public void ForgetModel() => _model = null;

    private OnnxModel ReadModel()
    {
        if (_files is not { } files)
            return OnnxModel.Of(_makeModel!());
        RequireRoom([ModelPath]);
        OnnxModel model = OnnxModel.Read(files, ModelPath);
        if (model.Outline is { } outline)
            _weights = ExternalWeights.Find(files, ModelPath, outline);
        RequireRoom([ModelPath, .. _weights]);
        return model;

        void RequireRoom(IReadOnlyList<string> paths)
        {
            long most = _maxModelBytes > 0 ? _maxModelBytes : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
            long found = paths.Sum(one => EncoderFiles.Length(files, one));
            if (found > most)
                throw new AnnException(
                    AnnError.FailedPrecondition,
                    $"{ModelPath}: expected a model of at most {most} bytes with its weights; found {found}.");
        }
    }

    private static string Existing(IFileSystem files, string descriptionPath, string field, string path) =>
        files.FileExists(path)
            ? path
            : throw new AnnException(AnnError.NotFound, $"{descriptionPath}: field '{field}': expected an existing file; found no {path}.");

    private AnnException Contradiction(string field, string place, string said, string described) =>
        Wrong(field, $"expected {said}, which {place} says; found {described}.");

    private static string FindModel(IFileSystem files, string directory, SentenceTransformersFiles beside)
    {
        foreach (string folder in (ReadOnlySpan<string>)["", beside.TransformerFolder])
            foreach (string usual in (ReadOnlySpan<string>)["model.onnx", "onnx/model.onnx"])
                if (Path.Combine(directory, folder, usual) is var path && files.FileExists(path))
                    return path;
        IReadOnlyList<string> models = files.ListFiles(directory, "*.onnx");
        return models.Count == 1
            ? models[0]
            : throw new AnnException(
                AnnError.NotFound,
                $"{directory}: expected model.onnx or a single *.onnx; found {models.Count} of them. " +
                $"Name one in {EncoderDescription.FileName}.");
    }
}
