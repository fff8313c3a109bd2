using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;

namespace Ann.Tool.Attributes;

/// <summary>Attributes of the rows of a file of features: of the sidecar beside it, where there is one.</summary>
internal sealed class FeatureAttributes : IDisposable
{
    private readonly string _input;
    private readonly AttributeSidecarReader? _sidecar;
    private readonly XxHash3 _hash = new();
    private bool _isHashed;

    private FeatureAttributes(string input, AttributeSidecarReader? sidecar)
    {
        _input = input;
        _sidecar = sidecar;
    }

    /// <summary>The attributes that are read; null when there are none.</summary>
    public AttributeSchema? Schema => _sidecar is { Schema.Count: > 0 } ? _sidecar.Schema : null;

    /// <summary>Opens the sidecar beside a file, if there is one.</summary>
    /// <param name="tool">Notices go to its standard error.</param>
    /// <param name="input">The file of features.</param>
    /// <param name="wanted">Attributes wanted; null for all that there are.</param>
    /// <exception cref="AnnException">InvalidArgument: the sidecar, or attributes are wanted and there is none.</exception>
    public static FeatureAttributes Open(ToolContext tool, string input, AttributeSchema? wanted)
    {
        string path = AttributeSidecar.PathOf(input);
        if (tool.Files.FileExists(path))
        {
            AttributeSidecarReader sidecar = new(tool.Files, path, wanted);
            tool.Notice($"Attributes are taken from {path}.");
            return new FeatureAttributes(input, sidecar);
        }
        return wanted is null
            ? new FeatureAttributes(input, sidecar: null)
            : throw AnnException.Invalid("--attributes", $"--attributes asks for attributes; there is no {path} that has them.");
    }

    /// <summary>Refuses a sidecar of another number of rows.</summary>
    public void RequireRows(long rows)
    {
        if (_sidecar is not null && _sidecar.Header.Rows != rows)
            throw AnnException.BadInput(_sidecar.Path, "line 1", $"it describes {_sidecar.Header.Rows} rows; {_input} holds {rows}.");
    }

    /// <summary>The attributes of the next rows; null when there are none.</summary>
    /// <param name="features">The rows: numbers of them are compared at the end with those that the sidecar belongs to.</param>
    /// <param name="rows">How many.</param>
    public AttributeBatch? Read<T>(ReadOnlySpan<T> features, int rows)
        where T : unmanaged
    {
        if (Schema is null)
            return null;
        _isHashed = typeof(T) == typeof(float); // what a sidecar has is a hash of float rows
        if (_isHashed)
            _hash.Append(MemoryMarshal.AsBytes(features));
        return _sidecar!.Read(rows);
    }

    /// <summary>Ends the reading: the sidecar must have ended, too, and belong to these rows where it says to which.</summary>
    public void End()
    {
        _sidecar?.RequireEnd();
        if (_isHashed && _sidecar!.Header.RowsHash is { Length: > 0 } expected && expected != InputRows.RowsHash(_hash))
            throw AnnException.BadInput(_sidecar.Path, "", $"it belongs to other rows than {_input} holds now.");
    }

    /// <inheritdoc/>
    public void Dispose() => _sidecar?.Dispose();
}
