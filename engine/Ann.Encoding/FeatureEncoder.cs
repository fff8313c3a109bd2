using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding.Descriptions;
using Ann.Encoding.Features;
using Ann.Encoding.Onnx;

namespace Ann.Encoding;

/// <summary>
/// Rows of numbers or ids in, one vector each out: the towers of a recommender. Safe for any number of threads at once; must not be
/// disposed while one encodes.
/// </summary>
public sealed class FeatureEncoder : IDisposable
{
    private readonly ModelSessions _sessions;
    private readonly FeatureGraph _graph;
    private readonly FieldTable? _fields;
    private readonly bool _normalize;
    private readonly int _batchRows;
    private volatile EncoderInfo _info;

    private FeatureEncoder(ModelSessions sessions, EncoderFingerprint fingerprint, EncoderDirectory source, EncoderOptions options)
    {
        _sessions = sessions;
        IModelSession session = sessions.Current;
        EncoderDescription description = source.Description;
        if (description.Pooling is not (null or Pooling.None))
            throw source.Wrong("pooling", "expected none, for features have no tokens.");
        if (description.Tokenizer is not null)
            throw source.Wrong("tokenizer", "expected no tokenizer, for the encoder reads features.");
        foreach ((string field, bool isThere) in (ReadOnlySpan<(string, bool)>)
            [("max_tokens", description.MaxTokens is not null), ("truncate_dimension", description.TruncateDimension is not null),
             ("query_prefix", description.QueryPrefix is not null), ("document_prefix", description.DocumentPrefix is not null)])
            if (isThere)
                throw source.Wrong(field, "expected no such field, for the encoder reads features.");

        if (description.Fields is not null)
        {
            if (description.Inputs != new EncoderInputs())
                throw source.Wrong("inputs", "expected no inputs beside fields, which name theirs.");
            _fields = FieldTable.Read(source, session.Inputs, fingerprint);
        }
        _graph = new FeatureGraph(sessions, source, _fields);
        _normalize = description.Normalize ?? false;
        _batchRows = _graph.FixedRows > 0 ? _graph.FixedRows : options.MaxBatchRows;
        if (description.Dimension is { } expected && expected != _graph.Dimension)
            throw source.Wrong("dimension", $"expected {_graph.Dimension}, which the model gives; found {expected}.");

        string inputs = _fields is null ? $"input={_graph.Input!.Name}" : "fields=" + string.Join(';', _fields.Fields);
        fingerprint.Add($"{inputs} output={_graph.OutputName} normalize={(_normalize ? 1 : 0)}");
        _info = new EncoderInfo(source.Name, _graph.Dimension, fingerprint.Value, session.Provider)
        {
            ProviderFellBack = session.Refusals.Count > 0,
            Notices = session.Refusals,
        };
        Shape = new EncoderShape(
            [.. session.Inputs.Select(static port => port.ToString())], [.. session.Outputs.Select(static port => port.ToString())],
            new EncoderDescription
            {
                Kind = EncoderKind.Features,
                Normalize = _normalize,
                Dimension = _graph.Dimension,
                Inputs = new EncoderInputs { Features = _graph.Input?.Name },
                Fields = description.Fields,
                Output = _graph.OutputName,
            });
        sessions.Replaced = (next, why) =>
        {
            _info = _info.On(next.Provider, why);
            options.ProviderLost?.Invoke(_info.Name, why);
        };
    }

    /// <summary>Which encoder this is. Its provider changes when a device is lost and another provider takes its place.</summary>
    public EncoderInfo Info => _info;

    /// <summary>What its model reads and gives.</summary>
    internal EncoderShape Shape { get; }

    /// <summary>What it reads, where a row is numbers or ids of one input.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: its rows have named fields.</exception>
    public FeatureInput Input => _graph.Input ?? throw AnnException.Invalid(
        "features", $"Encoder '{Info.Name}' reads rows of the fields {string.Join(", ", Fields.Select(static one => one.Name))}.");

    /// <summary>The fields of its rows. Empty where a row is numbers or ids of one input.</summary>
    public IReadOnlyList<FeatureFieldDescription> Fields => [.. _fields?.Fields.Select(static one => one.Description) ?? []];

    /// <summary>Opens an encoder directory or an <c>.onnx</c> file of this machine.</summary>
    /// <inheritdoc cref="Open(IFileSystem, string, EncoderOptions?)"/>
    public static FeatureEncoder Open(string path, EncoderOptions? options = null) => Open(PhysicalFileSystem.Instance, path, options);

    /// <summary>
    /// Opens an encoder directory whose <c>encoder.json</c> says <c>"kind": "features"</c> or nothing, or a single <c>.onnx</c> file.
    /// </summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">The directory or the file.</param>
    /// <param name="options">Null: the defaults, with batches of 1,024 rows.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.NotFound"/>: a file is missing. <see cref="AnnError.InvalidArgument"/>: the graph has not one float32 or int64
    /// input of rank 1 or 2 and one float32 output of rank 2, or a field of <c>encoder.json</c> contradicts it.
    /// <see cref="AnnError.FailedPrecondition"/>: a required provider is missing.
    /// </exception>
    internal static FeatureEncoder Open(IFileSystem files, string path, EncoderOptions? options = null)
    {
        options ??= new EncoderOptions { MaxBatchRows = 1024 };
        EncoderDirectory source = EncoderDirectory.Open(files, path, options.MaxModelBytes);
        if (source.Description.Kind == EncoderKind.Text)
            throw source.Wrong("kind", "expected \"features\"; found \"text\", which a text encoder opens.");
        return Open(source, options);
    }

    /// <summary>Opens an encoder, tells what it is, and closes it.</summary>
    internal static (EncoderShape Shape, EncoderInfo Info) Inspect(EncoderDirectory source, EncoderOptions options)
    {
        using FeatureEncoder encoder = Open(source, options);
        return (encoder.Shape, encoder.Info);
    }

    /// <summary>Encodes rows of numbers.</summary>
    /// <param name="features"><paramref name="rows"/> × columns numbers, row-major.</param>
    /// <param name="rows">Rows, 0 or more.</param>
    /// <param name="output">Receives <paramref name="rows"/> × Dimension floats, row-major.</param>
    /// <param name="cancellation">Looked at between inner batches.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: the encoder reads ids, a row has another width, a value is refused by the model, or the
    /// model gave NaN or infinity.
    /// </exception>
    public void Encode(ReadOnlySpan<float> features, int rows, Span<float> output, CancellationToken cancellation = default) =>
        EncodeAs(FeatureType.Float32, features, rows, output, cancellation);

    /// <summary>Encodes rows of ids. As the overload for numbers.</summary>
    /// <param name="ids"><paramref name="rows"/> × columns ids, row-major.</param>
    /// <param name="rows">Rows, 0 or more.</param>
    /// <param name="output">Receives <paramref name="rows"/> × Dimension floats, row-major.</param>
    /// <param name="cancellation">Looked at between inner batches.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: as the overload for numbers.</exception>
    public void Encode(ReadOnlySpan<long> ids, int rows, Span<float> output, CancellationToken cancellation = default) =>
        EncodeAs(FeatureType.Int64, ids, rows, output, cancellation);

    /// <summary>A row of named fields that fits.</summary>
    internal FeatureRow SampleRow()
    {
        FeatureRow row = new();
        foreach (FeatureField field in _fields?.Fields ?? [])
            field.Sample(row);
        return row;
    }

    /// <summary>The fields of a JSON object, as a row.</summary>
    internal FeatureRow RowOf(JsonElement json) => FeatureRow.Of(json, _fields?.Fields.Select(static one => one.Name) ?? []);

    /// <summary>Encodes rows of named fields.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="output">Receives <c>rows.Count × Dimension</c> floats, row-major.</param>
    /// <param name="cancellation">Looked at between inner batches.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: the encoder's rows have no named fields, a row lacks a field or holds another value than
    /// the field wants (names row, field, expected and found), or the model gave NaN or infinity.
    /// </exception>
    public void Encode(IReadOnlyList<FeatureRow> rows, Span<float> output, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        RequireRoom(rows.Count, output.Length);
        if (_fields is null)
            throw AnnException.Invalid("features", $"Encoder '{Info.Name}' reads {Input.Type} features; found rows of named fields.");
        for (int first = 0; first < rows.Count; first += _batchRows)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(_batchRows, rows.Count - first);
            _graph.Run(new FieldFeed(_fields, rows, first, count), count, output.Slice(first * Info.Dimension, count * Info.Dimension));
        }
        Finish(output);
    }

    /// <inheritdoc/>
    public void Dispose() => _sessions.Dispose();

    private static FeatureEncoder Open(EncoderDirectory source, EncoderOptions options)
    {
        EncoderFingerprint fingerprint = source.FingerprintOf("ann-feature-encoder/1");
        ModelSessions sessions = ModelSessions.Open(source, [], options);
        source.ForgetModel();
        try
        {
            return new FeatureEncoder(sessions, fingerprint, source, options);
        }
        catch
        {
            sessions.Dispose();
            throw;
        }
    }

    private void EncodeAs<T>(FeatureType type, ReadOnlySpan<T> features, int rows, Span<float> output, CancellationToken cancellation)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        RequireRoom(rows, output.Length);
        if (type != Input.Type)
            throw AnnException.Invalid("features", $"Encoder '{Info.Name}' reads {Input.Type} features; found {type}.");
        if (rows == 0)
            return;
        int columns = Input.Columns > 0 ? Input.Columns : features.Length / rows;
        if (columns == 0 || features.Length != (long)rows * columns)
            throw AnnException.Invalid(
                "features",
                $"Encoder '{Info.Name}' reads {(Input.Columns > 0 ? columns : "equally many")} features a row; " +
                $"found {features.Length} for {rows} rows.");

        for (int first = 0; first < rows; first += _batchRows)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(_batchRows, rows - first);
            _graph.Run(
                _graph.Rows(features.Slice(first * columns, count * columns), columns), count,
                output.Slice(first * Info.Dimension, count * Info.Dimension));
        }
        Finish(output);
    }

    private void RequireRoom(int rows, int output)
    {
        if (output != (long)rows * Info.Dimension)
            throw new ArgumentException($"Room for {rows} rows of {Info.Dimension} floats is needed; found {output}.", nameof(output));
    }

    private void Finish(Span<float> output)
    {
        int dimension = Info.Dimension;
        if (_normalize)
            for (int first = 0; first < output.Length; first += dimension)
                VectorQuality.Normalize(output.Slice(first, dimension));
        VectorQuality.RequireFinite(output, dimension, 0, $"encoder '{Info.Name}'");
    }
}
