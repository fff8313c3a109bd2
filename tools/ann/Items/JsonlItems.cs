using Ann.Core.Attributes;
using Ann.Core.Files.Formats;

namespace Ann.Tool.Items;

/// <summary>Items of JSON lines.</summary>
internal sealed class JsonlItems : ItemReader
{
    private readonly InputStream _input;
    private readonly LineReader _lines;
    private readonly JsonlItem _item;

    /// <param name="source">What is wanted.</param>
    /// <param name="input">The lines; owned from here on.</param>
    public JsonlItems(ItemSource source, InputStream input)
        : base(source)
    {
        _input = input;
        _lines = new LineReader(input, source.Name);
        _item = new JsonlItem(source.KeyNames, source.TextColumns)
        {
            Attributes = source.Attributes is { } schema ? new AttributeMembers(schema) : null,
        };
    }

    /// <inheritdoc/>
    public override string Place => $"line {_lines.Line}";

    /// <inheritdoc/>
    public override double? Fraction => _input.Fraction;

    /// <inheritdoc/>
    public override bool TryRead()
    {
        if (!_lines.TryReadFilled(out ReadOnlySpan<byte> line))
            return false;
        try
        {
            _item.Parse(line);
        }
        catch (FormatException e)
        {
            throw Bad(e.Message, e);
        }
        if (_item.KeyKind is null)
            throw Bad($"it has no \"{Source.KeyColumn ?? "id"}\" (a string or an unsigned integer).");
        if (_item.KeyKind == Core.Keys.KeyKind.UInt64)
            SetKey(_item.NumberKey);
        else
            SetKey(_item.StringKey);
        Text = Source.WantsObjects ? System.Text.Encoding.UTF8.GetString(line) : _item.Document ?? throw Bad(Source.TextColumns is { } names
            ? $"it has no \"{string.Join("\" or \"", names)}\"."
            : "it has neither \"text\" nor \"title\".");
        return true;
    }

    /// <inheritdoc/>
    public override AttributeBatch? TakeAttributes() => _item.Attributes?.Take();

    /// <inheritdoc/>
    public override void Dispose() => _lines.Dispose();
}
