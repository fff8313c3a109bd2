using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Tool.Formats;

namespace Ann.Tool.Attributes;

/// <summary>What is asked of the attributes of a file's rows.</summary>
/// <param name="Schema">The attributes wanted; null for all that a sidecar has.</param>
/// <param name="File">The sidecar; null takes members of a .jsonl file, columns of Parquet, or the sidecar beside another one.</param>
/// <param name="MayLack">True when a sidecar may lack some of them: those have no values.</param>
internal sealed record AttributeRequest(AttributeSchema? Schema, string? File, bool MayLack = false)
{
    /// <summary>None are wanted, though a sidecar beside the file is taken.</summary>
    public static AttributeRequest Beside { get; } = new(null, null);
}

/// <summary>Attributes of the rows of a vector file: of its own lines, or of the sidecar beside it.</summary>
internal sealed class RowAttributes : IDisposable
{
    private readonly AttributeSidecarReader? _sidecar;
    private readonly string _path;
    private readonly long[] _present;

    private RowAttributes(string path, AttributeSchema schema, AttributeSidecarReader? sidecar)
    {
        _path = path;
        _sidecar = sidecar;
        Schema = schema;
        _present = new long[schema.Count];
    }

    /// <summary>The attributes that are read; empty when there are none.</summary>
    public AttributeSchema Schema { get; }

    /// <summary>Where they come from, for people: a sidecar's path, <c>inline</c>, or <c>none</c>.</summary>
    public string Source => _sidecar?.Path ?? (Schema.Count > 0 ? "inline" : "none");

    /// <summary>What the vector reader of the file is to read of its lines; null for nothing.</summary>
    public AttributeSchema? Inline => _sidecar is null && Schema.Count > 0 ? Schema : null;

    /// <summary>Hash of the rows that the sidecar belongs to; empty when there is none or it does not say.</summary>
    public string RowsHash => _sidecar?.Header.RowsHash ?? "";

    /// <summary>Finds out where the attributes of a file are, and opens them.</summary>
    /// <param name="tool">Notices go to its standard error.</param>
    /// <param name="path">The file of vectors.</param>
    /// <param name="request">What is wanted.</param>
    /// <exception cref="AnnException">InvalidArgument: the sidecar, or attributes wanted where none can be.</exception>
    public static RowAttributes Open(ToolContext tool, string path, AttributeRequest request)
    {
        bool hasRoom = VectorInput.HasRoom(path);
        string? sidecar = request.File;
        if (sidecar is null && !hasRoom && tool.Files.FileExists(AttributeSidecar.PathOf(path)))
        {
            sidecar = AttributeSidecar.PathOf(path);
            tool.Notice($"Attributes are taken from {sidecar}.");
        }
        if (sidecar is not null)
        {
            AttributeSidecarReader reader = new(tool.Files, sidecar, request.MayLack ? Common(tool, sidecar, request) : request.Schema);
            return new RowAttributes(path, reader.Schema, reader);
        }
        if (!hasRoom && request is { Schema.Count: > 0, MayLack: false })
        {
            throw AnnException.Invalid(
                "--attributes",
                $"--attributes asks for attributes; {path} has no room for them and there is no {AttributeSidecar.PathOf(path)}. "
                + "Name the file with --attributes-file.");
        }
        return new RowAttributes(path, hasRoom ? request.Schema ?? AttributeSchema.Empty : AttributeSchema.Empty, null);
    }

    /// <summary>Refuses a sidecar of another number of rows.</summary>
    public void RequireRows(long rows)
    {
        if (_sidecar is not null && _sidecar.Header.Rows != rows)
            throw AnnException.BadInput(_sidecar.Path, "line 1", $"it describes {_sidecar.Header.Rows} rows; {_path} holds {rows}.");
    }

    /// <summary>The attributes of the rows that were read last.</summary>
    /// <param name="reader">Who read them.</param>
    /// <param name="rows">How many.</param>
    /// <returns>Null when there are no attributes.</returns>
    public AttributeBatch? Take(VectorReader reader, int rows)
    {
        AttributeBatch? batch = Schema.Count == 0 ? null : _sidecar?.Read(rows) ?? reader.TakeAttributes();
        for (int column = 0; column < (batch is null ? 0 : _present.Length); column++)
            for (int item = 0; item < batch!.Count; item++)
                _present[column] += batch.Columns[column].Has(item) ? 1 : 0;
        return batch;
    }

    /// <summary>Ends the reading: a sidecar must have ended, too, and an attribute that no row has is worth a notice.</summary>
    public void End(ToolContext tool)
    {
        _sidecar?.RequireEnd();
        for (int column = 0; column < _present.Length; column++)
            if (_present[column] == 0)
                tool.Notice($"no row of {_path} has a value of attribute '{Schema.Fields[column].Name}'.");
    }

    /// <inheritdoc/>
    public void Dispose() => _sidecar?.Dispose();

    /// <summary>The attributes wanted that a sidecar has, with the same types.</summary>
    private static AttributeSchema Common(ToolContext tool, string sidecar, AttributeRequest request)
    {
        using AttributeSidecarReader all = new(tool.Files, sidecar, wanted: null);
        if (request.Schema is null)
            return all.Schema;
        string[] others = [.. all.Schema.Fields.Select(static field => field.Name).Where(name => request.Schema.Find(name) < 0)];
        if (others.Length > 0)
            tool.Notice($"attributes of {sidecar} that the index does not declare are left out: {string.Join(", ", others)}.");
        return new AttributeSchema(request.Schema.Fields.Where(field => all.Schema.Find(field.Name) >= 0));
    }
}
