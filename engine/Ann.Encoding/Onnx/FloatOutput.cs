using System.Buffers;
using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Ann.Core;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Ann.Encoding.Onnx;

/// <summary>One output of a graph as float32, whichever of the three types of floats it has.</summary>
internal sealed class FloatOutput(string[] inputNames, GraphPort output)
{
    private readonly string[] _names = [output.Name];

    /// <summary>True when values of that type can be read.</summary>
    public static bool Reads(TensorElementType type) =>
        type is TensorElementType.Float or TensorElementType.Float16 or TensorElementType.BFloat16;

    /// <summary>One inference.</summary>
    /// <param name="session">What runs it.</param>
    /// <param name="memory">Memory of its tensors.</param>
    /// <param name="inputs">In the order of the names.</param>
    /// <param name="values">Receives as many floats as <paramref name="shape"/> has.</param>
    /// <param name="shape">What the graph must give.</param>
    public void Run(IModelSession session, TensorMemory memory, OrtValue[] inputs, Memory<float> values, params long[] shape)
    {
        Debug.Assert(TensorPrimitives.Product<long>(shape) == values.Length);

        if (output.Type == TensorElementType.Float)
        {
            RunInto(session, memory, inputs, values, shape);
        }
        else if (output.Type == TensorElementType.Float16)
        {
            RunHalf<Float16>(session, memory, inputs, values, shape, static (found, floats) =>
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<Float16, Half>(found), floats));
        }
        else
        {
            RunHalf<BFloat16>(session, memory, inputs, values, shape, static (found, floats) =>
            {
                for (int i = 0; i < found.Length; i++)
                    floats[i] = BitConverter.UInt32BitsToSingle((uint)found[i].value << 16);
            });
        }
    }

    /// <summary>Runs the graph and tells what shape it really gives: some do not declare one.</summary>
    /// <exception cref="AnnException">The rank is not the one that the model declares.</exception>
    public long[] ProbeShape(IModelSession session, OrtValue[] inputs, Func<string, AnnException> wrong)
    {
        long[] shape = session.ShapeOf(inputNames, inputs, _names);
        return shape.Length == output.Rank && shape[^1] is > 0 and <= int.MaxValue
            ? shape
            : throw wrong($"expected {output.Rank} dimensions, as the model declares for {output}; found [{string.Join(',', shape)}].");
    }

    private void RunHalf<T>(
        IModelSession session, TensorMemory memory, OrtValue[] inputs, Memory<float> values, long[] shape,
        Action<ReadOnlySpan<T>, Span<float>> convert)
        where T : unmanaged
    {
        T[] found = ArrayPool<T>.Shared.Rent(values.Length);
        RunInto(session, memory, inputs, found.AsMemory(0, values.Length), shape);
        convert(found.AsSpan(0, values.Length), values.Span);
        ArrayPool<T>.Shared.Return(found);
    }

    private void RunInto<T>(IModelSession session, TensorMemory memory, OrtValue[] inputs, Memory<T> values, long[] shape)
        where T : unmanaged
    {
        OrtValue value = memory.Output(output.Type, shape, values);
        session.Run(inputNames, inputs, _names, [value]);
        memory.Deliver(value, values.Span);
    }
}
