using System.CommandLine;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Core.Payloads;

namespace Ann.Tool.Formats;

/// <summary>What of a sidecar of keys its rows do not tell, and what else lies beside vectors.</summary>
/// <param name="Keys">A key a row.</param>
/// <param name="Header">Encoders and log position; null where no sidecar of keys is wanted.</param>
/// <param name="Payloads">The payload of a row; null where no row has one.</param>
internal sealed record RowsBeside(KeyColumn Keys, KeySidecarHeader? Header, RowPayload? Payloads);

/// <summary>
/// Writes vectors with all that belongs to them. Keys, attributes and payloads go into the file where its format has room, else to the
/// sidecars that other verbs find beside it. All files appear when all is written, or none.
/// </summary>
internal sealed class RowsOutput : IDisposable
{
    private readonly ToolContext _tool;
    private readonly string _path;
    private readonly VectorShape _shape;
    private readonly bool _rounds;
    private readonly Func<long, string, AnnException> _refusal;
    private readonly VectorOutput _output;
    private readonly AttributeSidecarWriter? _attributes;
    private readonly XxHash3 _hash = new();
    private long _rows;

    /// <summary>Creates the files.</summary>
    /// <param name="tool">Where to write.</param>
    /// <param name="path">The file of vectors; its name tells the format.</param>
    /// <param name="shape">What it will hold.</param>
    /// <param name="rounds">True to take the nearest value that the format holds.</param>
    /// <param name="refusal">The error for a row, from 0, and what is wrong with it.</param>
    /// <exception cref="AnnException">InvalidArgument: a target that cannot be created, or that has no room for so much.</exception>
    public RowsOutput(ToolContext tool, string path, VectorShape shape, bool rounds, Func<long, string, AnnException> refusal)
    {
        (_tool, _path, _shape, _rounds, _refusal) = (tool, path, shape, rounds, refusal);
        Format = VectorFormats.OfPath(path, "write");
        HasSidecars = !tool.Files.IsDevice(path);
        _output = VectorOutput.Create(tool.Files, path, shape);
        if (shape.Attributes.Count == 0 || Format.HasAttributes || !HasSidecars)
            return;
        AttributesPath = AttributeSidecar.PathOf(path);
        try
        {
            _attributes = new AttributeSidecarWriter(tool.Files, AttributesPath, shape.Rows, shape.Attributes);
        }
        catch
        {
            _output.Dispose();
            throw;
        }
    }

    /// <summary>The format of the file.</summary>
    public VectorFormat Format { get; }

    /// <summary>False where the vectors go to a device, beside which nothing lies.</summary>
    public bool HasSidecars { get; }

    /// <summary>Components that were rounded to another number.</summary>
    public long Rounded { get; private set; }

    /// <summary>The sidecar of attributes; null where there are none, or where they are in the file.</summary>
    public string? AttributesPath { get; }

    /// <summary>The sidecar of keys; null where none was written.</summary>
    public string? KeysPath { get; private set; }

    /// <summary>The sidecar of payloads; null where none was written.</summary>
    public string? PayloadsPath { get; private set; }

    /// <summary>The option that lets components be rounded.</summary>
    public static Option<bool> Round() => new("--round")
    {
        Description =
            "Take the nearest value that the type of the output holds (float16, uint8, int8). Default: refuse the first row with another.",
    };

    /// <summary>Appends rows.</summary>
    /// <param name="rows">Row-major; afterwards as they will be read again.</param>
    /// <param name="keys">A key a row.</param>
    /// <param name="attributes">An item a row; null where there are no attributes.</param>
    /// <exception cref="AnnException">A component that is no number, or that the format does not hold.</exception>
    public void Write(Span<float> rows, KeyColumn keys, AttributeBatch? attributes)
    {
        Fit(rows);
        _hash.Append(MemoryMarshal.AsBytes(rows));
        _output.Write(rows, keys, attributes);
        if (attributes is not null)
            _attributes?.Write(attributes);
        _rows += rows.Length / _shape.Dimension;
    }

    /// <summary>
    /// Writes what lies beside the vectors, and lets all appear: the vectors last, since without keys they would be numbered.
    /// </summary>
    public void Commit(RowsBeside beside)
    {
        _output.End();
        string hash = InputRows.RowsHash(_hash);
        _attributes?.Commit(hash);
        if (HasSidecars && beside.Header is not null)
        {
            KeysPath = KeySidecar.PathOf(_path);
            KeySidecarHeader header = beside.Header with
            {
                KeyType = EnumNames<KeyKind>.Plain.Of(beside.Keys.Kind),
                Rows = _shape.Rows,
                Dimension = _shape.Dimension,
                RowsHash = hash,
                KeysInline = Format.HasKeys,
            };
            KeySidecar.Write(_tool.Files, KeysPath, header, beside.Keys);
        }
        if (beside.Payloads is not null)
            WritePayloads(beside.Payloads);
        _output.Commit();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _attributes?.Dispose();
        _output.Dispose();
    }

    private void WritePayloads(RowPayload payloads)
    {
        if (!HasSidecars)
        {
            _tool.Notice("The payloads of the items are not written: a device has no room beside the vectors.");
            return;
        }
        PayloadsPath = PayloadSidecar.PathOf(_path);
        PayloadSidecar.Write(_tool.Files, PayloadsPath, checked((int)_shape.Rows), _hash.GetCurrentHashAsUInt64(), payloads);
    }

    /// <summary>Refuses what no index takes and what the format does not hold, and rounds where that was asked for.</summary>
    private void Fit(Span<float> rows)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            float value = rows[i];
            if (!float.IsFinite(value))
                throw Refused(i, $"is {value}; vectors are finite numbers.");
            if (!Format.Stored.Holds(value, _rounds))
            {
                bool rounding = !_rounds && Format.Stored.Holds(value, rounds: true);
                throw Refused(
                    i, $"is {value}, which {Format.Name}, {Format.Stored.ToName()}, does not hold"
                    + (rounding ? "; --round takes the nearest value that it does." : "."));
            }
            if (Format.Stored == ElementType.Float32)
                continue;
            // As it will be read again, so that the hash of a sidecar belongs to these rows.
            rows[i] = Format.Stored == ElementType.Float16 ? (float)(Half)value : MathF.Round(value) + 0f;
            if (rows[i] != value)
                Rounded++;
        }
    }

    private AnnException Refused(int component, string what) =>
        _refusal(_rows + (component / _shape.Dimension), $"component {component % _shape.Dimension} {what}");
}
