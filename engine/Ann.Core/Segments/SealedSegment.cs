using Ann.Core.Files;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>One <c>.ann</c> file, mapped and ready to be searched by any number of threads at once.</summary>
public sealed class SealedSegment : IDisposable
{
    /// <summary>Maps and checks a file.</summary>
    /// <exception cref="AnnException">Corrupt: names the section and byte. NotFound: no such file. InvalidArgument: another format version.</exception>
    public static SealedSegment Open(IFileSystem files, string path) => throw new NotSupportedException(files.ToString() + path);

    /// <summary>The file.</summary>
    public string Path => throw new NotSupportedException();
    /// <summary>Metric of the index.</summary>
    public Metric Metric => throw new NotSupportedException();
    /// <summary>Components of a vector.</summary>
    public int Dimension => throw new NotSupportedException();
    /// <summary>Items.</summary>
    public int Count => throw new NotSupportedException();
    /// <summary>Name of this build: 16 hex digits derived from the content.</summary>
    public string Generation => throw new NotSupportedException();
    /// <summary>Keys by node.</summary>
    public SegmentKeys Keys => throw new NotSupportedException();
    /// <summary>How the file was made.</summary>
    public BuildRecord BuildRecord => throw new NotSupportedException();
    /// <summary>What was measured when it was sealed.</summary>
    public Certificate Certificate => throw new NotSupportedException();
    /// <summary>Size of the file in bytes.</summary>
    public long SizeInBytes => throw new NotSupportedException();

    /// <summary>Finds the nearest items of one query. Allocates nothing in steady state. Nearest first; ties by key.</summary>
    /// <returns>How many of <paramref name="results"/> were written: k, or fewer when the segment has fewer items or was stopped.</returns>
    /// <exception cref="AnnException">InvalidArgument: dimension, NaN or infinity, a zero vector under cosine, k or ef out of range.</exception>
    public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, Span<Neighbor> results, out SearchStatistics statistics) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose() { }
}

/// <summary>The keys of a segment, read from the mapping.</summary>
public sealed class SegmentKeys
{
    /// <summary>Number or text.</summary>
    public KeyKind Kind => throw new NotSupportedException();
    /// <summary>A numeric key.</summary>
    public ulong Number(int node) => throw new NotSupportedException();
    /// <summary>A text key's UTF-8 bytes.</summary>
    public ReadOnlySpan<byte> Utf8(int node) => throw new NotSupportedException();
    /// <summary>The key as a person reads it.</summary>
    public string Format(int node) => throw new NotSupportedException();
}

/// <summary>How a segment was made. Stored as JSON in its file.</summary>
public sealed record BuildRecord
{
    /// <summary>Index name the builder was given; empty when none.</summary>
    public string Name { get; init; } = "";
    /// <summary>HNSW M.</summary>
    public int M { get; init; }
    /// <summary>HNSW efConstruction.</summary>
    public int EfConstruction { get; init; }
    /// <summary>Seed of level sampling and insertion order.</summary>
    public ulong Seed { get; init; }
    /// <summary>Codes of the walk: <c>f32</c> or <c>int8</c>.</summary>
    public string Codes { get; init; } = "";
    /// <summary>Fingerprint of the encoder of the rows, 16 hex digits; empty when unknown.</summary>
    public string EncoderFingerprint { get; init; } = "";
    /// <summary>Name of that encoder, for people.</summary>
    public string EncoderName { get; init; } = "";
    /// <summary>File the rows came from, without its directory.</summary>
    public string Source { get; init; } = "";
    /// <summary>Version of the tool.</summary>
    public string ToolVersion { get; init; } = "";
}

/// <summary>What was measured of a segment when it was sealed. Stored as JSON in its file.</summary>
public sealed record Certificate
{
    /// <summary>Nodes reachable from the entry point on level 0; equals the count in a sound segment.</summary>
    public int Reachable { get; init; }
}
