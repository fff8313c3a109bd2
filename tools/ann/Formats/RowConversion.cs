using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Tool.Attributes;
using Ann.Tool.Reports;

namespace Ann.Tool.Formats;

/// <summary>What a conversion of vectors is asked for.</summary>
/// <param name="Input">File of vectors.</param>
/// <param name="Output">File to write; its name tells the format.</param>
/// <param name="Attributes">The attributes wanted; null for those that the input tells.</param>
/// <param name="AttributesFile">Their sidecar; null for the one beside the input.</param>
/// <param name="Rounds">True to take the nearest value that the type of the output holds.</param>
internal sealed record RowConversionRequest(
    string Input, string Output, AttributeSchema? Attributes, string? AttributesFile, bool Rounds);

/// <summary>
/// Copies vectors from one format to another, with their keys, attributes and payloads: inside the file where that has room, else in
/// sidecars. Blocks of rows go through; keys alone stay in memory. All files appear when all is written, or none.
/// </summary>
/// <param name="tool">Where files are.</param>
/// <param name="request">What is asked for.</param>
internal sealed class RowConversion(ToolContext tool, RowConversionRequest request)
{
    private const int BatchFloats = 1 << 18;

    private readonly VectorFormat _from = VectorFormats.OfPath(request.Input);
    private readonly VectorFormat _to = VectorFormats.OfPath(request.Output, "write");

    /// <summary>Writes all files.</summary>
    /// <param name="cancellation">Ends it early; nothing appears.</param>
    /// <exception cref="AnnException">InvalidArgument: names the file, the place, and what is wrong.</exception>
    public VectorsReport Run(CancellationToken cancellation)
    {
        long start = tool.Time.GetTimestamp();
        OutputPath.Require(tool.Files, request.Output);
        AttributeRequest attributes = new(
            request.Attributes ?? (request.AttributesFile is null ? VectorInput.TypedColumns(tool.Files, request.Input) : null),
            request.AttributesFile);
        using InputRows rows = new(tool, request.Input, null, attributes);
        bool hasOwnKeys = rows.Keys is not null;
        VectorShape shape = new(rows.Rows, rows.Dimension, rows.Keys?.Kind ?? KeyKind.UInt64, rows.Attributes);
        using VectorOutput output = VectorOutput.Create(tool.Files, request.Output, shape);
        bool hasSidecars = !tool.Files.IsDevice(request.Output);
        string? attributesPath =
            shape.Attributes.Count > 0 && !_to.HasAttributes && hasSidecars ? AttributeSidecar.PathOf(request.Output) : null;
        using AttributeSidecarWriter? attributeWriter = attributesPath is null
            ? null : new AttributeSidecarWriter(tool.Files, attributesPath, shape.Rows, shape.Attributes);
        XxHash3 hash = Copy(rows, output, attributeWriter, cancellation);
        output.End();
        attributeWriter?.Commit(InputRows.RowsHash(hash));
        string? keysPath = hasSidecars && ((hasOwnKeys && !_to.HasKeys) || rows.EncoderFingerprint.Length > 0)
            ? KeySidecar.PathOf(request.Output) : null;
        if (keysPath is not null)
        {
            KeyColumn keys = rows.Keys ?? KeyColumn.Ordinals(checked((int)rows.Rows));
            KeySidecar.Write(tool.Files, keysPath, rows.SidecarHeader(keys.Kind, InputRows.RowsHash(hash), _to.HasKeys), keys);
        }
        string? payloadsPath = rows.PayloadSource is not null && hasSidecars ? PayloadSidecar.PathOf(request.Output) : null;
        if (payloadsPath is not null)
        {
            PayloadSidecar.Write(
                tool.Files, payloadsPath, checked((int)rows.Rows), hash.GetCurrentHashAsUInt64(), row => rows.PayloadOf(row));
        }
        output.Commit();
        return new VectorsReport
        {
            Input = request.Input,
            From = _from.Name,
            Output = request.Output,
            To = _to.Name,
            Rows = rows.Rows,
            Dimension = rows.Dimension,
            Keys = _to.HasKeys ? "inline" : keysPath,
            Attributes = shape.Attributes.Count == 0 ? null : AttributeOptions.ToText(shape.Attributes),
            AttributesFile = attributesPath,
            PayloadsFile = payloadsPath,
            Rounded = _rounded,
            Seconds = tool.SecondsSince(start),
        };
    }

    private long _rounded;

    private XxHash3 Copy(InputRows rows, VectorOutput output, AttributeSidecarWriter? attributeWriter, CancellationToken cancellation)
    {
        using ProgressMeter progress = new(tool, "convert", "rows", rows.Rows);
        float[] batch = new float[Math.Max(1, BatchFloats / rows.Dimension) * rows.Dimension];
        XxHash3 read = new();
        XxHash3 written = new();
        long first = 0;
        while (rows.Read(batch) is int count and > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<float> block = batch.AsSpan(0, count * rows.Dimension);
            read.Append(MemoryMarshal.AsBytes(block));
            Fit(rows, block, first);
            written.Append(MemoryMarshal.AsBytes(block));
            AttributeBatch? attributes = rows.TakeAttributes(count);
            output.Write(block, Keys(rows.Keys, first, count), attributes);
            if (attributes is not null)
                attributeWriter?.Write(attributes);
            first += count;
            progress.Report(first);
        }
        rows.EndRows(read);
        return written;
    }

    /// <summary>The keys of a block; rows without keys are numbered from 0.</summary>
    private static KeyColumn Keys(KeyColumn? all, long first, int count)
    {
        KeyColumn keys = new(all?.Kind ?? KeyKind.UInt64);
        for (int i = 0; i < count; i++)
        {
            if (all is null)
                keys.Add((ulong)(first + i));
            else
                keys.Add(all.KeyAt((int)first + i));
        }
        return keys;
    }

    /// <summary>Refuses what no index takes and what the output does not hold, and rounds where that was asked for.</summary>
    private void Fit(InputRows rows, Span<float> block, long first)
    {
        for (int i = 0; i < block.Length; i++)
        {
            float value = block[i];
            if (!float.IsFinite(value))
                throw Bad(rows, first + i / rows.Dimension, $"component {i % rows.Dimension} is {value}; vectors are finite numbers.");
            if (!_to.Stored.Holds(value, request.Rounds))
            {
                bool rounding = !request.Rounds && _to.Stored.Holds(value, rounds: true);
                throw Bad(
                    rows, first + i / rows.Dimension,
                    $"component {i % rows.Dimension} is {value}, which {_to.Name}, {_to.Stored.ToName()}, does not hold"
                    + (rounding ? "; --round takes the nearest value that it does." : "."));
            }
            if (_to.Stored == ElementType.Float32)
                continue;
            // As it will be read again, so that the hash of a sidecar belongs to these rows.
            block[i] = _to.Stored == ElementType.Float16 ? (float)(Half)value : MathF.Round(value) + 0f;
            if (block[i] != value)
                _rounded++;
        }
    }

    private static AnnException Bad(InputRows rows, long row, string what) => AnnException.BadInput(rows.Path, rows.Place(row), what);
}
