using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Keys;
using PureHDF;
using PureHDF.Selections;

namespace Ann.Tool.Formats;

/// <summary>Writes vectors as HDF5: one dataset <c>train</c> of float32, as ann-benchmarks has it. Keys and attributes have no room.</summary>
internal sealed class Hdf5VectorWriter : VectorOutput
{
    private readonly AtomicFile _file;
    private readonly int _dimension;
    private readonly H5Dataset<float[]> _rows;
    private readonly H5NativeWriter _writer;
    private ulong _written;
    private bool _isEnded;

    /// <param name="files">Where to write: a regular file, as its directory is written last.</param>
    /// <param name="path">The target.</param>
    /// <param name="shape">What it will hold.</param>
    public Hdf5VectorWriter(IFileSystem files, string path, VectorShape shape)
    {
        (string file, string? dataset) = VectorFormats.Split(path);
        if (dataset is not null || files.IsDevice(file))
            throw AnnException.BadInput(path, "", "HDF5 is written to a file of its own, with the dataset train.");
        _dimension = shape.Dimension;
        _rows = new H5Dataset<float[]>(fileDims: [(ulong)shape.Rows, (ulong)shape.Dimension]);
        _file = new AtomicFile(files, file);
        try
        {
            _writer = new H5File { [Hdf5VectorReader.StandardDataset] = _rows }.BeginWrite(_file.Stream);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> rows, KeyColumn keys, AttributeBatch? attributes)
    {
        ulong count = (ulong)(rows.Length / _dimension);
        _writer.Write(
            _rows, rows.ToArray(),
            fileSelection: new HyperslabSelection(2, starts: [_written, 0], blocks: [count, (ulong)_dimension]));
        _written += count;
    }

    /// <inheritdoc/>
    public override void End()
    {
        _isEnded = true;
        _writer.Dispose();
    }

    /// <inheritdoc/>
    public override void Commit() => _file.Commit();

    /// <inheritdoc/>
    public override void Dispose()
    {
        try
        {
            if (!_isEnded)
                End();
        }
        catch (Exception e) when (e is IOException or NotSupportedException or ObjectDisposedException)
        {
            // On a full disk the directory does not fit either, and all is thrown away.
        }
        _file.Dispose();
    }
}
