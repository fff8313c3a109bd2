using System.Buffers;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Ann.Encoding.Onnx;

/// <summary>
/// Memory of the tensors of one inference. Nothing is allocated per batch but the handles: on the CPU tensors lie in pooled arrays, which
/// ONNX Runtime reads and writes where they are; for a GPU in pinned memory of the session's arena, which its copy engine reads and
/// writes without a detour.
/// </summary>
/// <remarks>
/// Outputs are given to the run and not made by it, so one result is copied once. OrtIoBinding would bind the same values; it saves
/// looking names up, and its C# form converts every name to UTF-8 again at each call, while a run keeps them.
/// </remarks>
/// <param name="session">Whose device the tensors are for.</param>
internal sealed class TensorMemory(IModelSession session) : IDisposable
{
    private readonly List<OrtValue> _values = [];
    private readonly List<Action> _returns = [];

    /// <summary>A tensor to be filled by the caller.</summary>
    /// <param name="type">Element type, <typeparamref name="T"/>'s.</param>
    /// <param name="shape">Lengths of its dimensions.</param>
    /// <param name="cells">Its elements, row-major, with anything in them.</param>
    public OrtValue Input<T>(TensorElementType type, long[] shape, out Span<T> cells)
        where T : unmanaged
    {
        if (session.PinnedMemory is { } pinned)
        {
            OrtValue there = Keep(OrtValue.CreateAllocatedTensorValue(pinned, type, shape));
            cells = there.GetTensorMutableDataAsSpan<T>();
            return there;
        }
        int length = Length(shape);
        T[] array = ArrayPool<T>.Shared.Rent(length);
        _returns.Add(() => ArrayPool<T>.Shared.Return(array));
        cells = array.AsSpan(0, length);
        return Over(array.AsMemory(0, length), shape);
    }

    /// <summary>A tensor for a run to write, which ends in the caller's memory after <see cref="Deliver"/>.</summary>
    /// <param name="type">Element type, <typeparamref name="T"/>'s.</param>
    /// <param name="shape">Lengths of its dimensions.</param>
    /// <param name="target">As many elements as the shape has.</param>
    public OrtValue Output<T>(TensorElementType type, long[] shape, Memory<T> target)
        where T : unmanaged =>
        session.PinnedMemory is { } pinned ? Keep(OrtValue.CreateAllocatedTensorValue(pinned, type, shape)) : Over(target, shape);

    /// <summary>Copies an output where it is not written in place.</summary>
    public void Deliver<T>(OrtValue output, Span<T> target)
        where T : unmanaged
    {
        if (session.PinnedMemory is not null)
            output.GetTensorDataAsSpan<T>().CopyTo(target);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The values pin the arrays, so they go first.
        foreach (OrtValue value in _values)
            value.Dispose();
        foreach (Action giveBack in _returns)
            giveBack();
    }

    private OrtValue Over<T>(Memory<T> memory, long[] shape)
        where T : unmanaged =>
        Keep(OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, memory, shape));

    private OrtValue Keep(OrtValue value)
    {
        _values.Add(value);
        return value;
    }

    private static int Length(long[] shape)
    {
        long length = 1;
        foreach (long dimension in shape)
            length *= dimension;
        return checked((int)length);
    }
}
