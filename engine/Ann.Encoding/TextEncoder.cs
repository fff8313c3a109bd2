using System.Buffers;
using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding.Defaults;
using Ann.Encoding.Descriptions;
using Ann.Encoding.Onnx;
using Ann.Encoding.Text;
using Ann.Encoding.Tokenizers;

namespace Ann.Encoding;

/// <summary>Texts in, one vector each out. Safe for any number of threads at once; must not be disposed while one encodes.</summary>
public sealed class TextEncoder : IDisposable
{
    private readonly TextModel _model;
    private readonly ITextTokenizer _tokenizer;
    private readonly TextSettings _settings;
    private volatile EncoderInfo _info;

    private TextEncoder(EncoderDirectory source, EncoderOptions options, IReadOnlyList<string> notices)
    {
        _model = TextModel.Open(source, options);
        _tokenizer = _model.Tokenizer;
        _settings = _model.Settings;
        IModelSession session = _model.Sessions.Current;
        string output = _model.Ports.Output.Name;
        _info = new EncoderInfo(source.Name, _model.Dimension, _model.Fingerprint, session.Provider)
        {
            ProviderFellBack = session.Refusals.Count > 0,
            Notices = [.. notices, .. _model.Notice is { } notice ? [notice] : Array.Empty<string>(), .. session.Refusals, .. Guesses()],
        };
        Shape = new EncoderShape(
            [.. session.Inputs.Select(static port => port.ToString())],
            [.. session.Outputs.Where(static port => port.Name != PooledRows.Port.Name).Select(static port => port.ToString())],
            _settings.Describe() with
            {
                Kind = EncoderKind.Text,
                Dimension = _model.GivenDimension,
                Inputs = _model.Ports.Names,
                Output = output,
            });
        _model.Sessions.Replaced = (next, why) =>
        {
            _info = _info.On(next.Provider, why);
            options.ProviderLost?.Invoke(_info.Name, why);
        };

        IEnumerable<string> Guesses() =>
            source.IsDescribed || source.Beside.Pooling is not null
                ? []
                : [$"{source.Root}: no {EncoderDescription.FileName}; taken from the files: {_settings}, output '{output}'."];
    }

    /// <summary>Which encoder this is. Its provider changes when a device is lost and another provider takes its place.</summary>
    public EncoderInfo Info => _info;

    /// <summary>Whether the graph itself makes finished rows of its tokens' vectors.</summary>
    internal bool PoolsInGraph => _model.Graph.PoolsRows;

    /// <summary>What its model reads and gives.</summary>
    internal EncoderShape Shape { get; }

    /// <summary>Longest text in tokens, special ones included; the rest of a text is cut off.</summary>
    public int MaxTokens => _settings.MaxTokens;

    /// <summary>Tokens of one inference at most, padding included.</summary>
    internal int MaxBatchTokens => _model.Limits.BatchTokens;

    /// <summary>Opens an encoder directory of this machine (<c>encoder.json</c>, <c>model.onnx</c>, tokenizer files).</summary>
    /// <inheritdoc cref="Open(IFileSystem, string, EncoderOptions?)"/>
    public static TextEncoder Open(string directory, EncoderOptions? options = null) =>
        Open(PhysicalFileSystem.Instance, directory, options);

    /// <summary>Opens an encoder directory (<c>encoder.json</c>, <c>model.onnx</c>, tokenizer files).</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="directory">The directory. Without <c>encoder.json</c> everything is inferred, and a notice says what.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.NotFound"/>: a file is missing. <see cref="AnnError.InvalidArgument"/>: a file or an option cannot be used; the
    /// message names file, field, expected and found. <see cref="AnnError.FailedPrecondition"/>: a required provider is missing.
    /// </exception>
    internal static TextEncoder Open(IFileSystem files, string directory, EncoderOptions? options = null)
    {
        EncoderDirectory source = EncoderDirectory.Open(files, directory, options?.MaxModelBytes ?? 0);
        if (source.Description.Kind == EncoderKind.Features)
            throw source.Wrong("kind", "expected \"text\"; found \"features\", which a feature encoder opens.");
        return new TextEncoder(source, options ?? new EncoderOptions(), []);
    }

    /// <summary>Opens an encoder, tells what it is, and closes it.</summary>
    internal static (EncoderShape Shape, EncoderInfo Info) Inspect(EncoderDirectory source, EncoderOptions options)
    {
        using TextEncoder encoder = new(source, options, []);
        return (encoder.Shape, encoder.Info);
    }

    /// <summary>Opens the embedded default encoder; writes its model to <paramref name="cacheDirectory"/> at first use.</summary>
    /// <param name="files">Where the cache is.</param>
    /// <param name="cacheDirectory">
    /// Created when missing. One that cannot be written is a notice, not an error. Shared by any number of processes.
    /// </param>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="AnnException">As for <see cref="Open(IFileSystem, string, EncoderOptions?)"/>, but for files.</exception>
    internal static TextEncoder OpenDefault(IFileSystem files, string cacheDirectory, EncoderOptions? options = null)
    {
        List<string> notices = [];
        EncoderDirectory source = EncoderDirectory.InMemory("default", DefaultModel.Description, () =>
        {
            byte[] model = DefaultModelCache.Load(files, cacheDirectory, out string? notice);
            if (notice is not null)
                notices.Add(notice);
            return model;
        });
        return new TextEncoder(source, options ?? new EncoderOptions(), notices);
    }

    /// <summary>Encodes a batch of any size; rows in the order of the texts.</summary>
    /// <param name="texts">The texts; an empty one gives what the model makes of no tokens (the default encoder: zeros).</param>
    /// <param name="role">Whether they ask or are found: decides the prefix in front of each.</param>
    /// <param name="rows">Receives <c>texts.Count × Dimension</c> floats, row-major.</param>
    /// <param name="cancellation">Looked at between inner batches.</param>
    /// <exception cref="ArgumentException"><paramref name="rows"/> has another length.</exception>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: the model gave NaN or infinity; the message names the text.
    /// </exception>
    /// <exception cref="OperationCanceledException">Some rows may be written, and none is to be used.</exception>
    public void Encode(IReadOnlyList<string> texts, TextRole role, Span<float> rows, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (rows.Length != (long)texts.Count * Info.Dimension)
            throw new ArgumentException(
                $"Room for {texts.Count} rows of {Info.Dimension} floats is needed; found {rows.Length}.", nameof(rows));

        string prefix = _settings.Prefix(role);
        using TokenWindows windows = new(
            texts, (text, tokens) => _tokenizer.Tokenize(prefix.Length == 0 ? text : prefix + text, _settings.MaxTokens, tokens),
            _tokenizer.HasWeights);
        while (windows.Next(out int first) is { } window)
        {
            cancellation.ThrowIfCancellationRequested();
            EncodeWindow(window, first, rows.Slice(first * Info.Dimension, window.Rows * Info.Dimension), cancellation);
        }
    }

    /// <summary>
    /// True when a text has a token of its own. The rows of those that have none (empty ones; to the default encoder, signs only) say
    /// nothing: zeros of the default encoder, and of a BERT model one and the same row for all of them.
    /// </summary>
    public bool HasTokens(string text)
    {
        using TokenBuffer tokens = new(1, _tokenizer.HasWeights);
        _tokenizer.Tokenize(text, _tokenizer.SpecialTokens + 1, tokens);
        tokens.EndRow();
        return tokens.Length(0) > _tokenizer.SpecialTokens;
    }

    /// <summary>Token ids of a text, prefix and special ones included, as the model receives them.</summary>
    internal long[] TokenIds(string text, TextRole role)
    {
        using TokenBuffer tokens = new(1, _tokenizer.HasWeights);
        _tokenizer.Tokenize(_settings.Prefix(role) + text, _settings.MaxTokens, tokens);
        tokens.EndRow();
        return tokens.Ids(0).ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    private void EncodeWindow(TokenBuffer tokens, int firstText, Span<float> rows, CancellationToken cancellation)
    {
        long[] pooledOrder = ArrayPool<long>.Shared.Rent(tokens.Rows);
        Span<long> order = pooledOrder.AsSpan(0, tokens.Rows);
        LengthBuckets.Sort(tokens, order);
        for (int first = 0; first < order.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            (int count, int padded) = LengthBuckets.Next(tokens, order, first, _model.Limits);
            EncodeBatch(tokens, order.Slice(first, count), padded, rows);
            first += count;
        }
        ArrayPool<long>.Shared.Return(pooledOrder);
        VectorQuality.RequireFinite(rows, Info.Dimension, firstText, $"encoder '{Info.Name}'");
    }

    private void EncodeBatch(TokenBuffer tokens, ReadOnlySpan<long> batch, int padded, Span<float> rows)
    {
        TextGraph graph = _model.Graph;
        int given = graph.PoolsRows ? Info.Dimension : _model.GivenDimension;
        int length = graph.OutputLength(batch.Length, padded, given);
        float[] output = ArrayPool<float>.Shared.Rent(length + given);
        graph.Run(tokens, batch, padded, given, output.AsMemory(0, length));

        Span<float> pooled = output.AsSpan(length, given);
        bool perToken = !graph.PoolsRows && _settings.Pooling != Pooling.None;
        int stride = perToken ? padded * given : given;
        for (int i = 0; i < batch.Length; i++)
        {
            ReadOnlySpan<float> found = output.AsSpan(i * stride, stride);
            Span<float> row = rows.Slice((int)batch[i] * Info.Dimension, Info.Dimension);
            if (perToken)
            {
                TokenPooling.Pool(_settings.Pooling, found, tokens.Length((int)batch[i]), pooled);
                found = pooled;
            }
            found[..row.Length].CopyTo(row);
            if (_settings.Normalize && !graph.PoolsRows)
                VectorQuality.Normalize(row);
        }
        ArrayPool<float>.Shared.Return(output);
    }
}
