using Ann.Core;
using Microsoft.ML.OnnxRuntime;

namespace Ann.Encoding.Onnx;

/// <summary>
/// One loaded model on one execution provider. Runs from any number of threads at once; must not be disposed while one runs.
/// </summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
    private readonly string _path;

    private OnnxSession(InferenceSession session, string path, string provider, IReadOnlyList<string> refusals)
    {
        _session = session;
        _path = path;
        Provider = provider;
        Refusals = refusals;
        // Names in the file's order; the metadata dictionaries promise none.
        Inputs = [.. session.InputNames.Select(name => GraphPort.From(new(name, session.InputMetadata[name])))];
        Outputs = [.. session.OutputNames.Select(name => GraphPort.From(new(name, session.OutputMetadata[name])))];
    }

    /// <summary>The provider in use: <c>cpu</c>, <c>cuda</c>, <c>tensorrt</c>, or the name that a plug-in library gives itself.</summary>
    public string Provider { get; }

    /// <summary>Why each provider preferred over <see cref="Provider"/> is not in use. Empty when the first choice is.</summary>
    public IReadOnlyList<string> Refusals { get; }

    /// <summary>The graph's inputs.</summary>
    public IReadOnlyList<GraphPort> Inputs { get; }

    /// <summary>The graph's outputs.</summary>
    public IReadOnlyList<GraphPort> Outputs { get; }

    /// <summary>Loads a model on the first provider of <see cref="EncoderOptions.Providers"/> that takes it.</summary>
    /// <param name="path">Names the model in messages; its directory holds external weights, where the model has any.</param>
    /// <param name="model">The file's content.</param>
    /// <param name="options">Checked by this method.</param>
    /// <exception cref="AnnException">The model cannot be loaded, an option is out of range, or a required provider is missing.</exception>
    public static OnnxSession Open(string path, byte[] model, EncoderOptions options)
    {
        options.Check();
        List<string> refusals = [];
        foreach (string wanted in ExecutionProviders.InOrder(options.Providers))
        {
            try
            {
                using SessionOptions settings = ExecutionProviders.Configure(wanted, path, options, out string provider);
                return new OnnxSession(new InferenceSession(model, settings), path, provider, refusals);
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

    /// <summary>Runs the graph into outputs that the caller allocated.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: the model refused the values or the shapes.</exception>
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

    /// <summary>Runs the graph and tells the shape of its first output: for models that do not declare one.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: the model refused the values or the shapes.</exception>
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

    /// <summary>For messages: every input or output of the graph.</summary>
    public static string List(IReadOnlyList<GraphPort> ports) => string.Join(", ", ports);

    public void Dispose()
    {
        _run.Dispose();
        _session.Dispose();
    }

    private static string Reason(Exception e) => e is ProviderMissingException ? e.Message : ProviderFailure.Cause(e.Message);
}
