using Ann.Core.Files;
using Ann.Core.Hnsw;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>What all parts of one live index share: where it lives, what it is, and what it may take.</summary>
/// <param name="Files">Where the directory is.</param>
/// <param name="Directory">Its own directory.</param>
/// <param name="Name">Name of the index.</param>
/// <param name="Schema">What never changes.</param>
/// <param name="Options">How it writes, seals and compacts.</param>
/// <param name="Budget">Shared by the indexes of a server.</param>
/// <param name="Time">The clock.</param>
internal sealed record IndexHome(
    IFileSystem Files, string Directory, string Name, IndexSchema Schema, LiveIndexOptions Options, MemoryBudget Budget, TimeProvider Time)
{
    /// <summary>Rows of the first head: a small index takes little. Each next one is four times as large, up to the limit.</summary>
    private const int FirstHeadRows = 4096;

    private const int HeadGrowth = 4;

    /// <summary>True when nothing can be written to the directory: the index is served for reads. Default: false.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Refuses what would write, where nothing can be written.</summary>
    /// <exception cref="AnnException">FailedPrecondition: the directory is read-only.</exception>
    public void RequireWritable()
    {
        if (IsReadOnly)
            throw NotWritable();
    }

    /// <summary>Why nothing is written where nothing can be.</summary>
    public AnnException NotWritable() => AnnException.Refused(
        "index", $"Index '{Name}' is served for reads only: its directory is read-only.");

    /// <summary>A failure as a caller may read it: without the directories of this machine.</summary>
    public string Told(Exception failure) => failure.Message
        .Replace(Path.GetFullPath(Directory) + Path.DirectorySeparatorChar, "", StringComparison.Ordinal)
        .Replace(PathOf(""), "", StringComparison.Ordinal);

    /// <summary>Full path of one of the index's files.</summary>
    public string PathOf(string file) => Path.Combine(Directory, file);

    /// <summary>Deletes one of the index's files, or a directory of an encoder; does nothing when there is none.</summary>
    public void Delete(string file)
    {
        if (Files.DirectoryExists(PathOf(file)))
            DirectoryTree.Delete(Files, PathOf(file));
        else
            Files.Delete(PathOf(file));
    }

    /// <summary>The shape of a head.</summary>
    /// <param name="before">Rows of the head before it; 0 for none.</param>
    /// <param name="rows">
    /// Rows that it has room for at least, though the limits be lower: a batch becomes one head, not hundreds.
    /// </param>
    public HeadShape HeadShapeAfter(int before, int rows = 1)
    {
        HeadShape one = HeadShapeOf(1);
        long perRow = Math.Max(1, (HeadSegment.BytesOf(HeadShapeOf(1025)) - HeadSegment.BytesOf(one)) / 1024);
        long most = Math.Clamp(Options.HeadBytes / perRow, 1, Options.HeadRows);
        long grown = Math.Min(most, before == 0 ? FirstHeadRows : before * (long)HeadGrowth);
        return HeadShapeOf((int)Math.Max(grown, rows));
    }

    /// <summary>How sealed segments are built.</summary>
    public SegmentBuildOptions BuildOptions(EncoderPair encoders, int threads) => new()
    {
        Metric = Schema.Metric,
        Codes = Schema.Codes,
        Layout = Schema.Layout,
        M = Schema.M,
        EfConstruction = Schema.EfConstruction,
        Seed = Schema.Seed,
        Attributes = Schema.Attributes,
        Threads = threads,
        Name = Name,
        EncoderFingerprint = Text(encoders.Items.Fingerprint),
        EncoderName = encoders.Items.Name,
        QueryEncoderFingerprint = encoders.OwnQueries is { } queries ? Text(queries.Fingerprint) : null,
        QueryEncoderName = encoders.OwnQueries?.Name,
    };

    private static string Text(ulong? fingerprint) =>
        fingerprint?.ToString("x16", System.Globalization.CultureInfo.InvariantCulture) ?? "";

    private HeadShape HeadShapeOf(int capacity) => new(
        Schema.Metric, Schema.Dimension, Schema.KeyKind, new HnswParameters(Schema.M, Schema.EfConstruction, Schema.Seed), Schema.Codes,
        capacity)
    {
        Attributes = Schema.Attributes,
        PayloadRoom = Options.HeadPayloadBytes,
    };
}
