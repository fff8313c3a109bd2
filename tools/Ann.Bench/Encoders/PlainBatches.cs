using Ann.Encoding;
using Ann.Encoding.Descriptions;
using Ann.Encoding.Onnx;
using Ann.Encoding.Text;
using Ann.Encoding.Tokenizers;
using Microsoft.ML.OnnxRuntime;

namespace Ann.Bench.Encoders;

/// <summary>
/// ONNX Runtime alone: a session of the model as its file is, with the settings of ours, over tensors that were made before, in the batches
/// that the encoder makes of the same calls. Its outputs are its own affair, and nothing is pooled.
/// </summary>
internal sealed class PlainBatches : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly TextModel _model;
    private readonly string[] _inputs;
    private readonly string[] _outputs;
    private readonly List<TensorMemory> _memory = [];

    /// <param name="source">The encoder.</param>
    /// <param name="options">Of the session; the CPU.</param>
    public PlainBatches(EncoderDirectory source, EncoderOptions options)
    {
        _model = TextModel.Open(source, options with { PoolInGraph = false });
        using SessionOptions settings = ExecutionProviders.Configure(ExecutionProviders.Cpu, source.ModelPath, options, out _);
        _session = new InferenceSession(source.Model.With([]), settings);
        source.ForgetModel();
        _inputs = [.. _model.Ports.Inputs.Select(static input => input.Name)];
        _outputs = [_model.Ports.Output.Name];
    }

    /// <summary>The tensors of one call of the encoder.</summary>
    public IReadOnlyList<OrtValue[]> Prepare(IReadOnlyList<string> texts)
    {
        using TokenBuffer tokens = new(texts.Count, _model.Tokenizer.HasWeights);
        foreach (string text in texts)
        {
            _model.Tokenizer.Tokenize(_model.Settings.Prefix(TextRole.Document) + text, _model.Settings.MaxTokens, tokens);
            tokens.EndRow();
        }
        long[] order = new long[texts.Count];
        LengthBuckets.Sort(tokens, order);
        List<OrtValue[]> batches = [];
        for (int first = 0; first < order.Length;)
        {
            (int count, int padded) = LengthBuckets.Next(tokens, order, first, _model.Limits);
            TensorMemory memory = new(_model.Sessions.Current);
            _memory.Add(memory);
            int shaped = _model.Ports.FixedRows > 0 ? _model.Ports.FixedRows : count;
            TextFeed feed = new(tokens, _model.Tokenizer.PaddingId, shaped, padded);
            batches.Add(feed.Fill(_model.Ports.Inputs, order.AsSpan(first, count), memory));
            first += count;
        }
        return batches;
    }

    /// <summary>Runs the tensors of one call.</summary>
    public void Run(IReadOnlyList<OrtValue[]> batches)
    {
        foreach (OrtValue[] batch in batches)
        {
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_run, _inputs, batch, _outputs);
        }
    }

    public void Dispose()
    {
        foreach (TensorMemory memory in _memory)
            memory.Dispose();
        _session.Dispose();
        _run.Dispose();
        _model.Dispose();
    }
}
