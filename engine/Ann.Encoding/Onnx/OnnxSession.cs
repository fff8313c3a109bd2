using Ann.Core;
using Microsoft.ML.OnnxRuntime;

namespace Ann.Encoding.Onnx;

/// <summary>ONNX Runtime with one model. Must not be disposed while it runs.</summary>
internal sealed class OnnxSession : IModelSession
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
    private readonly string _path;

    private OnnxSession(InferenceSession session, string path, string provider, int device)
    {
        _session = session;
        _path = path;
        Provider = provider;
        PinnedMemory = ExecutionProviders.PinnedMemory(session, provider, device);
        // Names in the file's order; the metadata dictionaries promise none.
        Inputs = [.. session.InputNames.Select(name => GraphPort.From(name, session.InputMetadata[name]))];
        Outputs = [.. session.OutputNames.Select(name => GraphPort.From(name, session.OutputMetadata[name]))];
    }

    /// <inheritdoc/>
    public string Provider { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> NextProviders { get; private init; } = [];

    /// <inheritdoc/>
    public IReadOnlyList<string> Refusals { get; private init; } = [];

    /// <inheritdoc/>
    public IReadOnlyList<GraphPort> Inputs { get; }

    /// <inheritdoc/>
    public IReadOnlyList<GraphPort> Outputs { get; }

    /// <inheritdoc/>
    public OrtAllocator? PinnedMemory { get; }

    /// <summary>Loads a model on the first provider of <see cref="EncoderOptions.Providers"/> that takes it.</summary>
    /// <param name="path">Names the model in messages; its directory holds external weights, where the model has any.</param>
    /// <param name="model">The file's content.</param>
    /// <param name="options">Checked by this method.</param>
    /// <exception cref="AnnException">The model cannot be loaded, an option is out of range, or a required provider is missing.</exception>
    public static IModelSession Open(string path, byte[] model, EncoderOptions options)
    {
        options.Check();
        return Open(path, model, options, [.. ExecutionProviders.InOrder(options.Providers)]);
    }

    /// <summary>As the other, on the first of these providers, the last of which is the CPU.</summary>
    /// <exception cref="AnnException">The model cannot be loaded, or a required provider is missing.</exception>
    public static IModelSession Open(string path, byte[] model, EncoderOptions options, IReadOnlyList<string> providers)
    {
        List<string> refusals = [];
        for (int i = 0; i < providers.Count; i++)
        {
            string wanted = providers[i];
            try
            {
                using SessionOptions settings = ExecutionProviders.Configure(wanted, path, options, out string provider);
                return options.Around(new OnnxSession(new InferenceSession(model, settings), path, provider, options.Device)
                {
                    NextProviders = [.. providers.Skip(i + 1)],
                    Refusals = refusals,
                });
            }
            catch (Exception e) when (wanted == ExecutionProviders.Cpu && e is OnnxRuntimeException)
            {
                throw AnnException.BadInput(path, "", "is not a model that ONNX Runtime can load: " + e.Message, e);
            }
            catch (Exception e) when (e is OnnxRuntimeException or ProviderMissingException)
            {
                if (options.RequireProvider)
                    throw new AnnException(
                        AnnError.FailedPrecondition, $"Provider '{wanted}' is required but cannot be used: {Reason(e)}", e);
                refusals.Add($"Provider '{wanted}' cannot be used: {Reason(e)}");
            }
        }
        throw new InvalidOperationException("The CPU provider ends the loop, one way or the other.");
    }

    /// <inheritdoc/>
    public void Run(string[] inputNames, OrtValue[] inputs, string[] outputNames, OrtValue[] outputs)
    {
        try
        {
            _session.Run(_run, inputNames, inputs, outputNames, outputs);
        }
        catch (OnnxRuntimeException e)
        {
            throw RunFailure.Of(_path, e);
        }
    }

    /// <inheritdoc/>
    public long[] ShapeOf(string[] inputNames, OrtValue[] inputs, string[] outputNames)
    {
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_run, inputNames, inputs, outputNames);
            return outputs[0].GetTensorTypeAndShape().Shape;
        }
        catch (OnnxRuntimeException e)
        {
            throw RunFailure.Of(_path, e);
        }
    }

    public void Dispose()
    {
        PinnedMemory?.Dispose();
        _run.Dispose();
        _session.Dispose();
    }

    private static string Reason(Exception e) => e is ProviderMissingException ? e.Message : ProviderFailure.Cause(e.Message);
}
