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
    // Texts tokenised before any is run: enough for like lengths to meet, little enough to stay in cache.
    private const int WindowRows = 1024;

    private readonly OnnxSession _session;
    private readonly TextGraph _graph;
    private readonly ITextTokenizer _tokenizer;
    private readonly TextSettings _settings;
    private readonly BatchLimits _limits;
    private readonly int _modelDimension;

    private TextEncoder(OnnxSession session, EncoderDirectory source, EncoderOptions options, IEnumerable<string> notices)
    {
        _session = session;
        EncoderFingerprint fingerprint = new EncoderFingerprint().Add("ann-text-encoder/1");
        source.AddModelTo(fingerprint);
        _tokenizer = TextTokenizers.Open(source, fingerprint, out int? tokenizerMaxTokens);
        _graph = new TextGraph(session, source, _tokenizer);
        _settings = TextSettings.Resolve(source, _graph, tokenizerMaxTokens);
        _limits = new BatchLimits(_settings.MaxTokens, options.MaxBatchRows, options.MaxBatchTokens, _graph.FixedRows, _graph.FixedTokens);
        fingerprint.Add($"{_tokenizer.Settings} {_settings} output={_graph.Output.Name}");

        _modelDimension = ProbeDimension(source);
        int dimension = _settings.Dimension(source, _modelDimension);
        Info = new EncoderInfo(source.Name, dimension, fingerprint.Value, session.Provider)
        {
            ProviderFellBack = session.Refusals.Count > 0,
            Notices = [.. notices, .. session.Refusals, .. Guesses(source)],
        };
        Shape = new EncoderShape(
            [.. session.Inputs.Select(static port => port.ToString())], [.. session.Outputs.Select(static port => port.ToString())],
            _settings.Describe() with
            {
                Kind = EncoderKind.Text,
                Dimension = _modelDimension,
                Inputs = _graph.Inputs,
                Output = _graph.Output.Name,
            });
    }

    /// <summary>Which encoder this is.</summary>
    public EncoderInfo Info { get; }

    /// <summary>What its model reads and gives.</summary>
    internal EncoderShape Shape { get; }

    /// <summary>Longest text in tokens, special ones included; the rest of a text is cut off.</summary>
    public int MaxTokens => _settings.MaxTokens;

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
        return Open(source, options ?? new EncoderOptions(), []);
    }

    /// <summary>Opens an encoder, tells what it is, and closes it.</summary>
    internal static (EncoderShape Shape, EncoderInfo Info) Inspect(EncoderDirectory source, EncoderOptions options)
    {
        using TextEncoder encoder = Open(source, options, []);
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
        byte[] model = DefaultModelCache.Load(files, cacheDirectory, out string? notice);
        EncoderDirectory source = EncoderDirectory.InMemory("default", DefaultModel.Description, model);
        return Open(source, options ?? new EncoderOptions(), notice is null ? [] : [notice]);
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
        using TokenBuffer tokens = new(Math.Min(texts.Count, WindowRows), _tokenizer.HasWeights);
        for (int first = 0; first < texts.Count; first += WindowRows)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(WindowRows, texts.Count - first);
            tokens.Clear();
            for (int i = 0; i < count; i++)
            {
                _tokenizer.Tokenize(prefix.Length == 0 ? texts[first + i] : prefix + texts[first + i], _settings.MaxTokens, tokens);
                tokens.EndRow();
            }
            EncodeWindow(tokens, first, rows.Slice(first * Info.Dimension, count * Info.Dimension), cancellation);
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
    public void Dispose() => _session.Dispose();

    private static TextEncoder Open(EncoderDirectory source, EncoderOptions options, IReadOnlyList<string> notices)
    {
        OnnxSession session = OnnxSession.Open(source.ModelPath, source.Model, options);
        try
        {
            return new TextEncoder(session, source, options, notices);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private void EncodeWindow(TokenBuffer tokens, int firstText, Span<float> rows, CancellationToken cancellation)
    {
        long[] pooledOrder = ArrayPool<long>.Shared.Rent(tokens.Rows);
        Span<long> order = pooledOrder.AsSpan(0, tokens.Rows);
        LengthBuckets.Sort(tokens, order);
        for (int first = 0; first < order.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            (int count, int padded) = LengthBuckets.Next(tokens, order, first, _limits);
            EncodeBatch(tokens, order.Slice(first, count), padded, rows);
            first += count;
        }
        ArrayPool<long>.Shared.Return(pooledOrder);
        VectorQuality.RequireFinite(rows, Info.Dimension, firstText, $"encoder '{Info.Name}'");
    }

    private void EncodeBatch(TokenBuffer tokens, ReadOnlySpan<long> batch, int padded, Span<float> rows)
    {
        int dimension = _modelDimension;
        int length = _graph.OutputLength(batch.Length, padded, dimension);
        float[] output = ArrayPool<float>.Shared.Rent(length + dimension);
        _graph.Run(tokens, batch, padded, dimension, output.AsMemory(0, length));

        Span<float> pooled = output.AsSpan(length, dimension);
        int stride = _settings.Pooling == Pooling.None ? dimension : padded * dimension;
        for (int i = 0; i < batch.Length; i++)
        {
            ReadOnlySpan<float> states = output.AsSpan(i * stride, stride);
            Span<float> row = rows.Slice((int)batch[i] * Info.Dimension, Info.Dimension);
            if (_settings.Pooling == Pooling.None)
                states.CopyTo(pooled);
            else
                TokenPooling.Pool(_settings.Pooling, states, tokens.Length((int)batch[i]), pooled);
            pooled[..row.Length].CopyTo(row);
            if (_settings.Normalize)
                VectorQuality.Normalize(row);
        }
        ArrayPool<float>.Shared.Return(output);
    }

    /// <summary>Runs one short text: the shape that comes back is the truth, whatever the file declares.</summary>
    private int ProbeDimension(EncoderDirectory source)
    {
        using TokenBuffer tokens = new(1, _tokenizer.HasWeights);
        _tokenizer.Tokenize("a", _settings.MaxTokens, tokens);
        tokens.EndRow();
        (_, int padded) = LengthBuckets.Next(tokens, [0], 0, _limits);
        return _graph.ProbeDimension(tokens, padded, source);
    }

    private IEnumerable<string> Guesses(EncoderDirectory source) =>
        source.IsDescribed || source.Beside.Pooling is not null
            ? []
            : [$"{source.Root}: no {EncoderDescription.FileName}; taken from the files: {_settings}, output '{_graph.Output.Name}'."];
}
