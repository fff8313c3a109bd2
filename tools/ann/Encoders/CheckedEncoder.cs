using Ann.Core;
using Ann.Encoding;

namespace Ann.Tool.Encoders;

/// <summary>An encoder of either kind, as a check sees it.</summary>
internal sealed class CheckedEncoder : IDisposable
{
    // Queries, titles and passages: rows of 5 to 60 tokens, as they come.
    private static readonly string[] Samples =
    [
        "wireless mouse",
        "trail shoes, waterproof, for women, size 38",
        "How do I take a stain of red wine out of a white shirt?",
        "A stainless steel kettle of 1.7 litres with a base that turns, a window for the water level and a switch that goes off by itself.",
        "The library lends books for four weeks. Whoever needs one for longer may extend the loan twice, unless somebody else waits for "
            + "it; after that it goes back to its shelf, or to the person who asked for it first.",
    ];

    private readonly TextEncoder? _text;
    private readonly FeatureEncoder? _features;

    private CheckedEncoder(TextEncoder text) => _text = text;

    private CheckedEncoder(FeatureEncoder features) => _features = features;

    /// <summary>Which encoder it is.</summary>
    public EncoderInfo Info => _text?.Info ?? _features!.Info;

    /// <summary>What its model reads and gives.</summary>
    public EncoderShape Shape => _text?.Shape ?? _features!.Shape;

    /// <summary>Longest text in tokens; null for features.</summary>
    public int? MaxTokens => _text?.MaxTokens;

    /// <summary>Opens what a verb names: a directory, a model file or the embedded encoder.</summary>
    /// <exception cref="AnnException">As the encoder says.</exception>
    public static CheckedEncoder Open(ToolContext tool, string encoder, EncoderOptions options) =>
        encoder != EncoderChoice.Default && EncoderDraft.KindOf(tool.Files, encoder) == EncoderKind.Features
            ? new CheckedEncoder(FeatureEncoder.Open(tool.Files, encoder, options))
            : new CheckedEncoder(EncoderChoice.OpenText(tool, encoder, options));

    /// <summary>Opens an encoder to see which one it is.</summary>
    /// <param name="tool">Where it is.</param>
    /// <param name="encoder">As options name it.</param>
    /// <exception cref="AnnException">As the encoder says.</exception>
    public static EncoderInfo InfoOf(ToolContext tool, string encoder)
    {
        using CheckedEncoder opened = Open(tool, EncoderChoice.PlaceOf(tool, encoder), new EncoderOptions { Providers = ["cpu"] });
        return opened.Info;
    }

    /// <summary>Encodes so many rows of samples.</summary>
    public void EncodeSamples(int count, CancellationToken cancellation)
    {
        float[] rows = new float[count * Info.Dimension];
        if (_text is not null)
            _text.Encode(
                [.. Enumerable.Range(0, count).Select(static row => Samples[row % Samples.Length])], TextRole.Document, rows, cancellation);
        else if (_features!.Fields.Count > 0)
            _features.Encode([.. Enumerable.Repeat(_features.SampleRow(), count)], rows, cancellation);
        else if (_features.Input.Type == FeatureType.Int64)
            _features.Encode(new long[count * Columns], count, rows, cancellation);
        else
            _features.Encode(new float[count * Columns], count, rows, cancellation);
    }

    /// <summary>What it reads, where those are features; null where they are texts.</summary>
    public FeatureInput? Input => ReadsFields ? null : _features?.Input;

    /// <summary>True when it reads rows of named fields.</summary>
    public bool ReadsFields => _features?.Fields.Count > 0;

    /// <summary>True when an input says something: a text has a token of its own.</summary>
    public bool Understands(GoldenRow query) => _text is null || _text.HasTokens(query.Text!);

    /// <summary>The rows of some queries, one after another.</summary>
    /// <param name="queries">All of the kind that it reads.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    public float[] EncodeQueries(IReadOnlyList<GoldenRow> queries, CancellationToken cancellation)
    {
        float[] rows = new float[queries.Count * Info.Dimension];
        if (_text is not null)
        {
            _text.Encode([.. queries.Select(static query => query.Text!)], TextRole.Query, rows, cancellation);
            return rows;
        }
        IEnumerable<double> features = queries.SelectMany(static query => query.Features!);
        if (_features!.Input.Type == FeatureType.Int64)
            _features.Encode([.. features.Select(static value => (long)value)], queries.Count, rows, cancellation);
        else
            _features.Encode([.. features.Select(static value => (float)value)], queries.Count, rows, cancellation);
        return rows;
    }

    /// <summary>The row of a golden row's input, and what is wrong with its tokens; null for nothing.</summary>
    /// <param name="golden">The row that is known.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="AnnException">It is of the other kind.</exception>
    public (float[] Row, string? Fault) Encode(GoldenRow golden, string name)
    {
        float[] row = new float[Info.Dimension];
        if (_text is not null)
        {
            string text = golden.Text ?? throw AnnException.Invalid("--golden", $"{name} has features; the encoder reads texts.");
            TextRole role = golden.Role == "query" ? TextRole.Query : TextRole.Document;
            _text.Encode([text], role, row);
            long[] ids = _text.TokenIds(text, role);
            return (row, golden.TokenIds is null || golden.TokenIds.SequenceEqual(ids)
                ? null
                : $"{name}: expected the tokens {string.Join(' ', golden.TokenIds)}; found {string.Join(' ', ids)}");
        }
        if (_features!.Fields.Count > 0)
        {
            _features.Encode(
                [_features.RowOf(golden.Fields ?? throw AnnException.Invalid(
                    "--golden", $"{name} has no object of features; the encoder reads rows of named fields."))], row);
            return (row, null);
        }
        double[] features = golden.Features ?? throw AnnException.Invalid("--golden", $"{name} has a text; the encoder reads features.");
        if (_features.Input.Type == FeatureType.Int64)
            _features.Encode([.. features.Select(static value => (long)value)], 1, row);
        else
            _features.Encode([.. features.Select(static value => (float)value)], 1, row);
        return (row, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _text?.Dispose();
        _features?.Dispose();
    }

    private int Columns => Math.Max(1, _features!.Input.Columns);
}
