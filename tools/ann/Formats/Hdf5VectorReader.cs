using Ann.Core.Files.Formats;

namespace Ann.Tool.Formats;

/// <summary>Vectors of a dataset of an HDF5 file as ann-benchmarks has them: a row a vector.</summary>
internal sealed class Hdf5VectorReader : VectorReader
{
    /// <summary>The dataset that is read where none is named.</summary>
    public const string StandardDataset = "train";

    private static readonly ElementType[] Elements =
        [ElementType.Float32, ElementType.Float16, ElementType.Float64, ElementType.UInt8, ElementType.Int8];

    private readonly Hdf5Dataset _dataset;

    /// <param name="stream">The file, seekable; owned from here on.</param>
    /// <param name="path">What it is called.</param>
    /// <param name="dataset">Which one.</param>
    public Hdf5VectorReader(Stream stream, string path, string dataset) => _dataset = new Hdf5Dataset(stream, path, dataset, Elements);

    /// <inheritdoc/>
    public override string Path => _dataset.Path;

    /// <inheritdoc/>
    public override long Count => _dataset.Rows;

    /// <inheritdoc/>
    public override int Dimension => _dataset.Columns;

    /// <inheritdoc/>
    public override string? Notice => _dataset.Element == ElementType.Float64
        ? $"{Path}: float64 is converted to float32, the precision of the index."
        : null;

    /// <inheritdoc/>
    public override int ReadRows(Span<float> destination)
    {
        int wanted = destination.Length / Dimension;
        ArgumentOutOfRangeException.ThrowIfZero(wanted, nameof(destination));
        int done = 0;
        while (done < wanted && _dataset.Read(wanted - done) is { Length: > 0 } stored)
        {
            int rows = stored.Length / _dataset.RowSizeInBytes;
            _dataset.Element.ToFloats(stored, destination.Slice(done * Dimension, rows * Dimension));
            done += rows;
        }
        return done;
    }

    /// <inheritdoc/>
    public override void Dispose() => _dataset.Dispose();
}
