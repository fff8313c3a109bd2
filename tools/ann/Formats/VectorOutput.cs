using System.IO.Compression;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Tool.Bulk;
using ZstdSharp;

namespace Ann.Tool.Formats;

/// <summary>What a file of vectors will hold.</summary>
/// <param name="Rows">Rows, 1 or more.</param>
/// <param name="Dimension">Components of a row.</param>
/// <param name="Keys">What keys are.</param>
/// <param name="Attributes">The attributes of the rows.</param>
internal sealed record VectorShape(long Rows, int Dimension, KeyKind Keys, AttributeSchema Attributes);

/// <summary>Writes vectors by blocks in a format of <see cref="VectorFormats"/>. Nothing appears before <see cref="Commit"/>.</summary>
internal abstract class VectorOutput : IDisposable
{
    /// <summary>Creates a file of vectors; its name tells the format.</summary>
    /// <param name="files">Where to write.</param>
    /// <param name="path">The target.</param>
    /// <param name="shape">What it will hold.</param>
    /// <exception cref="Core.AnnException">InvalidArgument: a target that cannot be created, or that has no room for so much.</exception>
    public static VectorOutput Create(IFileSystem files, string path, VectorShape shape)
    {
        VectorFormat format = VectorFormats.OfPath(path, "write");
        return format.Name switch
        {
            "parquet" => new ParquetVectorWriter(files, path, shape.Dimension, shape.Keys, shape.Attributes),
            "arrow" or "arrows" => new ArrowVectorWriter(files, path, shape, isFile: format.Name == "arrow"),
            "hdf5" => new Hdf5VectorWriter(files, path, shape),
            "csv" => new DelimitedVectorWriter(files, path, shape, ','),
            "tsv" => new DelimitedVectorWriter(files, path, shape, '\t'),
            _ => new EngineVectorOutput(files, path, format, shape),
        };
    }

    /// <summary>Packs what is written, as the name of the target tells.</summary>
    /// <returns>The stream itself where nothing is packed; else one to be closed before the target is.</returns>
    public static Stream Pack(string path, Stream stream) => VectorFormats.PackingOf(path) switch
    {
        ".gz" => new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true),
        ".zst" => new CompressionStream(stream, leaveOpen: true),
        _ => stream,
    };

    /// <summary>Appends rows.</summary>
    /// <param name="rows">Row-major.</param>
    /// <param name="keys">A key a row. Formats without room for keys leave them.</param>
    /// <param name="attributes">An item a row; null for none. Formats without room for them leave them.</param>
    public abstract void Write(ReadOnlySpan<float> rows, KeyColumn keys, AttributeBatch? attributes);

    /// <summary>Writes what stands behind the rows.</summary>
    public abstract void End();

    /// <summary>Makes the file appear under its name. Call it after <see cref="End"/>.</summary>
    public abstract void Commit();

    /// <summary>Removes what was written, unless it was committed.</summary>
    public abstract void Dispose();
}

/// <summary>Formats that the engine writes.</summary>
internal sealed class EngineVectorOutput : VectorOutput
{
    private readonly VectorWriter _writer;

    /// <inheritdoc cref="VectorOutput.Create"/>
    public EngineVectorOutput(IFileSystem files, string path, VectorFormat format, VectorShape shape)
    {
        if (format.HasAttributes)
            JsonlVectorWriter.RequireFreeNames(path, shape.Attributes);
        _writer = VectorFile.CreateWriter(
            files, path, shape.Rows, shape.Dimension, extension: format.Extensions[0], pack: stream => Pack(path, stream));
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> rows, KeyColumn keys, AttributeBatch? attributes)
    {
        if (_writer is JsonlVectorWriter lines)
            lines.UseKeys(keys);
        _writer.Write(rows, attributes);
    }

    /// <inheritdoc/>
    public override void End() => _writer.Flush();

    /// <inheritdoc/>
    public override void Commit() => _writer.Commit();

    /// <inheritdoc/>
    public override void Dispose() => _writer.Dispose();
}
