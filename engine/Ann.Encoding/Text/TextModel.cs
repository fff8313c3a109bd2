using Ann.Core;
using Ann.Encoding.Descriptions;
using Ann.Encoding.Onnx;
using Ann.Encoding.Tokenizers;

namespace Ann.Encoding.Text;

/// <summary>A text model as it was loaded: its tokenizer, its sessions, its ports, and every answer that was found for it.</summary>
internal sealed class TextModel : IDisposable
{
    private TextModel(TextFiles files, ModelSessions sessions, TextPorts ports, bool poolsRows)
    {
        Sessions = sessions;
        Tokenizer = files.Tokenizer;
        Ports = ports;
        Settings = TextSettings.Resolve(files.Source, ports, files.MaxTokens);
        Graph = new TextGraph(sessions, ports, Tokenizer.PaddingId, poolsRows);
        Limits = new BatchLimits(
            Settings.MaxTokens, files.Options.MaxBatchRows, files.Options.MaxBatchTokens, ports.FixedRows, ports.FixedTokens);
        GivenDimension = Probe(files.Source);
        Fingerprint = files.Fingerprint.Add($"{Tokenizer.Settings} {Settings} output={ports.Output.Name}").Value;
    }

    /// <summary>Texts to tokens.</summary>
    public ITextTokenizer Tokenizer { get; }

    /// <summary>What runs it.</summary>
    public ModelSessions Sessions { get; }

    /// <summary>Its inputs and its output.</summary>
    public TextPorts Ports { get; }

    /// <summary>What is done around it.</summary>
    public TextSettings Settings { get; }

    /// <summary>One inference.</summary>
    public TextGraph Graph { get; }

    /// <summary>Bounds of one inference.</summary>
    public BatchLimits Limits { get; }

    /// <summary>Components of the vectors that the model gives, before any are cut off.</summary>
    public int GivenDimension { get; }

    /// <summary>Components of a row.</summary>
    public int Dimension { get; private set; }

    /// <summary>Which encoder it is.</summary>
    public ulong Fingerprint { get; }

    /// <summary>Why the graph does not pool by itself, where it was to; null when it does, or when nothing is pooled here.</summary>
    public string? Notice { get; private set; }

    /// <summary>Loads a model.</summary>
    /// <param name="source">Its files. The model's content is let go of.</param>
    /// <param name="options">How.</param>
    /// <exception cref="AnnException">As of <see cref="TextEncoder.Open(string, EncoderOptions?)"/>.</exception>
    public static TextModel Open(EncoderDirectory source, EncoderOptions options)
    {
        options.Check();
        EncoderFingerprint fingerprint = source.FingerprintOf("ann-text-encoder/1");
        ITextTokenizer tokenizer = TextTokenizers.Open(source, fingerprint, out int? maxTokens);
        TextFiles files = new(source, options, tokenizer, maxTokens, fingerprint);
        string? notice = null;
        TextModel opened = (options.PoolInGraph ? OpenPooled(files, out notice) : null) ?? OpenAsItIs(files, notice);
        source.ForgetModel();
        return opened;
    }

    public void Dispose() => Sessions.Dispose();

    /// <summary>With nodes that pool. Null where the file does not say enough for it, or where they do not load.</summary>
    private static TextModel? OpenPooled(TextFiles files, out string? notice)
    {
        notice = null;
        OnnxModel model = files.Source.Model;
        TextPorts ports;
        byte[] nodes;
        try
        {
            if (model.Outline is null)
                return null;
            ports = TextPorts.Find(model.Inputs, model.Outputs, files.Source, files.Tokenizer);
            TextSettings settings = TextSettings.Resolve(files.Source, ports, files.MaxTokens);
            if (!PooledRows.Fit(model.OperatorSet, ports, settings))
                return null;
            nodes = PooledRows.Write(model.OperatorSet, ports, settings);
        }
        catch (AnnException)
        {
            // ONNX Runtime knows more of a model than its file says, so the judgement is of what it says.
            return null;
        }
        try
        {
            return Made(files, ModelSessions.Open(files.Source, nodes, files.Options), _ => ports, poolsRows: true);
        }
        catch (AnnException e) when (e.Error == AnnError.InvalidArgument)
        {
            notice = $"{files.Source.ModelPath}: tokens are pooled behind the graph and not in it: {e.Message}";
            return null;
        }
    }

    private static TextModel OpenAsItIs(TextFiles files, string? notice)
    {
        TextModel opened = Made(
            files, ModelSessions.Open(files.Source, [], files.Options),
            session => TextPorts.Find(session.Inputs, session.Outputs, files.Source, files.Tokenizer), poolsRows: false);
        opened.Notice = notice;
        return opened;
    }

    private static TextModel Made(TextFiles files, ModelSessions sessions, Func<IModelSession, TextPorts> ports, bool poolsRows)
    {
        try
        {
            return new TextModel(files, sessions, ports(sessions.Current), poolsRows);
        }
        catch
        {
            sessions.Dispose();
            throw;
        }
    }

    /// <summary>Runs one short text: the shapes that come back are the truth, whatever the file declares.</summary>
    private int Probe(EncoderDirectory source)
    {
        using TokenBuffer tokens = new(1, Tokenizer.HasWeights);
        Tokenizer.Tokenize("a", Settings.MaxTokens, tokens);
        tokens.EndRow();
        (_, int padded) = LengthBuckets.Next(tokens, [0], 0, Limits);
        int given = Graph.ProbeDimension(tokens, padded, source);
        Dimension = Settings.Dimension(source, given);
        if (Graph.PoolsRows)
            Graph.Run(tokens, [0], padded, Dimension, new float[Graph.OutputLength(1, padded, Dimension)]);
        return given;
    }

    /// <summary>What a model is loaded from.</summary>
    private sealed record TextFiles(
        EncoderDirectory Source, EncoderOptions Options, ITextTokenizer Tokenizer, int? MaxTokens, EncoderFingerprint Fingerprint);
}
