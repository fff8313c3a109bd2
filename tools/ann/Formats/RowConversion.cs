using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Attributes;
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
        using RowsOutput output = new(
            tool, request.Output, shape, request.Rounds, (row, what) => AnnException.BadInput(rows.Path, rows.Place(row), what));
        Copy(rows, output, cancellation);
        bool isBeside = (hasOwnKeys && !output.Format.HasKeys) || rows.EncoderFingerprint.Length > 0;
        output.Commit(new RowsBeside(
            rows.Keys ?? KeyColumn.Ordinals(isBeside ? checked((int)rows.Rows) : 0),
            isBeside ? rows.SidecarHeader : null,
            rows.PayloadSource is null ? null : row => rows.PayloadOf(row)));
        return new VectorsReport
        {
            Input = request.Input,
            From = _from.Name,
            Output = request.Output,
            To = output.Format.Name,
            Rows = rows.Rows,
            Dimension = rows.Dimension,
            Keys = output.Format.HasKeys ? "inline" : output.KeysPath,
            Attributes = shape.Attributes.Count == 0 ? null : AttributeOptions.ToText(shape.Attributes),
            AttributesFile = output.AttributesPath,
            PayloadsFile = output.PayloadsPath,
            Rounded = output.Rounded,
            Seconds = tool.SecondsSince(start),
        };
    }

    private void Copy(InputRows rows, RowsOutput output, CancellationToken cancellation)
    {
        using ProgressMeter progress = new(tool, "convert", "rows", rows.Rows);
        float[] batch = new float[Math.Max(1, BatchFloats / rows.Dimension) * rows.Dimension];
        XxHash3 read = new();
        long first = 0;
        while (rows.Read(batch) is int count and > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<float> block = batch.AsSpan(0, count * rows.Dimension);
            read.Append(MemoryMarshal.AsBytes(block));
            output.Write(block, Keys(rows.Keys, first, count), rows.TakeAttributes(count));
            first += count;
            progress.Report(first);
        }
        rows.EndRows(read);
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
}
