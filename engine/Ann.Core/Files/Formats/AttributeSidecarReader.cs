using System.Text.Json;
using Ann.Core.Attributes;

namespace Ann.Core.Files.Formats;

/// <summary>Reads an <see cref="AttributeSidecar"/> row by row.</summary>
internal sealed class AttributeSidecarReader : IDisposable
{
    private readonly LineReader _lines;
    private readonly AttributeMembers _members;
    private long _rows;

    /// <summary>Opens a sidecar and reads its header.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">The sidecar itself.</param>
    /// <param name="wanted">Attributes wanted, all of the header; null for all that it has.</param>
    /// <exception cref="AnnException">
    /// NotFound: no such file. InvalidArgument: no header, or attributes wanted that it does not have, or has with another type.
    /// </exception>
    public AttributeSidecarReader(IFileSystem files, string path, AttributeSchema? wanted)
    {
        Path = path;
        _lines = new LineReader(files.OpenRead(path), path);
        try
        {
            Header = ReadHeader();
            RequireWanted(wanted ?? Header.Schema);
            _members = new AttributeMembers(wanted ?? Header.Schema);
        }
        catch
        {
            _lines.Dispose();
            throw;
        }
    }

    /// <summary>The sidecar.</summary>
    public string Path { get; }

    /// <summary>Its first line.</summary>
    public AttributeSidecarHeader Header { get; }

    /// <summary>Attributes that are read.</summary>
    public AttributeSchema Schema => _members.Schema;

    /// <summary>Reads the attributes of the next rows.</summary>
    /// <param name="rows">Rows; there must be as many.</param>
    /// <exception cref="AnnException">InvalidArgument: names the file, the line and what is wrong, or that it ended.</exception>
    public AttributeBatch Read(int rows)
    {
        for (int row = 0; row < rows; row++)
        {
            if (!_lines.TryReadFilled(out ReadOnlySpan<byte> line))
                throw AnnException.BadInput(Path, "", $"its header says {Header.Rows} rows; found {_rows}.");
            ReadRow(line);
            _rows++;
        }
        return _members.Take();
    }

    /// <summary>Refuses a file that has more rows than its header says. Call it when every row has been read.</summary>
    /// <exception cref="AnnException">InvalidArgument: it has.</exception>
    public void RequireEnd()
    {
        if (_lines.TryReadFilled(out _))
            throw AnnException.BadInput(Path, $"line {_lines.Line}", $"its header says {Header.Rows} rows; there are more.");
    }

    public void Dispose() => _lines.Dispose();

    private AttributeSidecarHeader ReadHeader()
    {
        if (!_lines.TryReadFilled(out ReadOnlySpan<byte> line))
            throw AnnException.BadInput(Path, "", "it is empty; expected a header line.");
        try
        {
            return AttributeSidecar.ParseHeader(line);
        }
        catch (FormatException e)
        {
            throw Bad(e.Message, e);
        }
    }

    private void RequireWanted(AttributeSchema wanted)
    {
        foreach (AttributeField field in wanted.Fields)
        {
            int column = Header.Schema.Find(field.Name);
            string? found = column < 0 ? "none of that name"
                : Header.Schema.Fields[column].Type != field.Type ? Header.Schema.Fields[column].Traits.Name
                : null;
            if (found is not null)
            {
                throw AnnException.BadInput(
                    Path, "line 1", $"expected an attribute '{field.Name}' of type {field.Traits.Name}; found {found}.");
            }
        }
    }

    private void ReadRow(ReadOnlySpan<byte> line)
    {
        try
        {
            Utf8JsonReader json = new(line);
            json.Read();
            if (json.TokenType != JsonTokenType.StartObject)
                throw new FormatException($"expected an object with the values of a row; found {JsonFinding.Describe(ref json)}.");
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (_members.TryRead(ref json))
                    continue;
                string name = json.GetString()!;
                if (Header.Schema.Find(name) < 0)
                    throw new FormatException($"\"{name}\" is no attribute of the header.");
                json.Skip();
            }
            json.Read(); // Throws when something follows the object.
            _members.EndItem();
        }
        catch (Exception e) when (JsonFinding.IsNoJson(e))
        {
            throw Bad(JsonFinding.Describe(e), e);
        }
        catch (FormatException e)
        {
            throw Bad(e.Message, e);
        }
    }

    private AnnException Bad(string what, Exception inner) => AnnException.BadInput(Path, $"line {_lines.Line}", what, inner);
}
