namespace Ann.Core.Files.Formats;

/// <summary>What an index file of another engine says of itself.</summary>
/// <param name="Reader">Its vectors and keys, without deleted nodes.</param>
/// <param name="Version">Version of the format; empty where it has none.</param>
/// <param name="Metric">How nearness is measured.</param>
/// <param name="M">Neighbours of a node on upper levels.</param>
/// <param name="EfConstruction">Beam width of its builds; null where the file does not tell it.</param>
/// <param name="Nodes">Nodes, deleted ones too.</param>
/// <param name="Deleted">Deleted ones.</param>
internal sealed record ForeignIndex(
    VectorReader Reader, string Version, Metric Metric, int M, int? EfConstruction, int Nodes, int Deleted) : IDisposable
{
    /// <summary>Beam width of its searches; null where the file does not tell it.</summary>
    public int? Ef { get; init; }

    /// <summary>Rows with a negative id, ascending: their keys are these plus 2⁶⁴.</summary>
    public IReadOnlyList<int> NegativeIds { get; init; } = [];

    /// <summary>Opens a file of Hnsw.Net.</summary>
    public static ForeignIndex OpenHnswNet(IFileSystem files, string path)
    {
        HnswNetReader reader = HnswNetReader.Open(files, path);
        HnswNetHeader header = reader.Header;
        return new ForeignIndex(
            reader, $"{HnswNetHeader.Version}", header.Metric, header.M, header.EfConstruction, header.Count, reader.Deleted)
        {
            Ef = header.Ef,
            NegativeIds = reader.NegativeIds,
        };
    }

    public void Dispose() => Reader.Dispose();
}
