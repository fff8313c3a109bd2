using Ann.Core;
using Microsoft.ML.OnnxRuntime;

namespace Ann.Encoding.Onnx;

/// <summary>A loaded model on one execution provider. Runs from any number of threads at once.</summary>
internal interface IModelSession : IDisposable
{
    /// <summary>The provider in use: <c>cpu</c>, <c>cuda</c>, <c>tensorrt</c>, or the name that a plug-in library gives itself.</summary>
    string Provider { get; }

    /// <summary>The providers that would have been tried next, in order. Empty on the CPU, which is the last.</summary>
    IReadOnlyList<string> NextProviders { get; }

    /// <summary>Why each provider preferred over <see cref="Provider"/> is not in use. Empty when the first choice is.</summary>
    IReadOnlyList<string> Refusals { get; }

    /// <summary>The graph's inputs.</summary>
    IReadOnlyList<GraphPort> Inputs { get; }

    /// <summary>The graph's outputs.</summary>
    IReadOnlyList<GraphPort> Outputs { get; }

    /// <summary>Memory of this machine that the device copies from and to by itself; null where the device works in any.</summary>
    OrtAllocator? PinnedMemory { get; }

    /// <summary>Runs the graph into outputs that the caller allocated.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: the model refused the values or the shapes. <see cref="AnnError.Overloaded"/>: memory was
    /// refused. <see cref="AnnError.Unavailable"/>: the device was lost.
    /// </exception>
    void Run(string[] inputNames, OrtValue[] inputs, string[] outputNames, OrtValue[] outputs);

    /// <summary>Runs the graph and tells the shape of its first output: for models that do not declare one.</summary>
    /// <exception cref="AnnException">As <see cref="Run"/>.</exception>
    long[] ShapeOf(string[] inputNames, OrtValue[] inputs, string[] outputNames);
}
