using System.Buffers;
using System.Numerics.Tensors;
using Ann.Encoding.Tokenizers;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Ann.Encoding.Text;

/// <summary>What an input of a text model receives.</summary>
internal enum TextInputRole
{
    /// <summary>Token ids; padding is the tokenizer's.</summary>
    Ids,

    /// <summary>1 at tokens, 0 at padding.</summary>
    Mask,

    /// <summary>Zeros.</summary>
    Types,

    /// <summary>0, 1, 2, … in each row, padding included.</summary>
    Positions,

    /// <summary>Weights of the tokens, 0 at padding.</summary>
    Weights,
}

/// <summary>One input.</summary>
/// <param name="Role">What it receives.</param>
/// <param name="Name">The graph's name for it.</param>
/// <param name="Type">Int64 or int32; float for weights.</param>
internal readonly record struct TextInput(TextInputRole Role, string Name, TensorElementType Type);

/// <summary>Input tensors of one inference, in pooled arrays.</summary>
internal sealed class TextFeed : IDisposable
{
    private readonly List<Action> _returns = [];

    /// <param name="inputs">The graph's inputs.</param>
    /// <param name="paddingId">Id of padding.</param>
    /// <param name="shaped">Rows of the tensors, at least as many as are filled.</param>
    /// <param name="padded">Tokens per row.</param>
    /// <param name="tokens">The rows.</param>
    /// <param name="rows">Which of them.</param>
    public TextFeed(TextInput[] inputs, long paddingId, int shaped, int padded, TokenBuffer tokens, ReadOnlySpan<long> rows)
    {
        Rows = shaped;
        Values = new OrtValue[inputs.Length];
        long[] shape = [shaped, padded];
        for (int i = 0; i < inputs.Length; i++)
        {
            TextInput input = inputs[i];
            if (input.Role == TextInputRole.Weights)
            {
                Values[i] = Tensor(Rent<float>(shaped * padded), tokens, rows, padded, shape);
                continue;
            }
            long[] cells = Rent<long>(shaped * padded);
            Fill(input.Role, cells.AsSpan(0, shaped * padded), paddingId, padded, tokens, rows);
            Values[i] = input.Type == TensorElementType.Int64 ? Tensor(cells, shape) : Narrow(cells, shape);
        }
    }

    /// <summary>Rows of the tensors.</summary>
    public int Rows { get; }

    /// <summary>One per input, in their order.</summary>
    public OrtValue[] Values { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The values pin the arrays, so they go first.
        foreach (OrtValue value in Values)
            value.Dispose();
        foreach (Action giveBack in _returns)
            giveBack();
    }

    private static void Fill(
        TextInputRole role, Span<long> cells, long paddingId, int padded, TokenBuffer tokens, ReadOnlySpan<long> rows)
    {
        cells.Fill(role == TextInputRole.Ids ? paddingId : 0);
        if (role == TextInputRole.Positions)
            for (int cell = 0; cell < cells.Length; cell++)
                cells[cell] = cell % padded;
        for (int i = 0; i < rows.Length; i++)
        {
            Span<long> row = cells.Slice(i * padded, tokens.Length((int)rows[i]));
            if (role == TextInputRole.Ids)
                tokens.Ids((int)rows[i]).CopyTo(row);
            else if (role == TextInputRole.Mask)
                row.Fill(1);
        }
    }

    private T[] Rent<T>(int length)
    {
        T[] array = ArrayPool<T>.Shared.Rent(length);
        _returns.Add(() => ArrayPool<T>.Shared.Return(array));
        return array;
    }

    private static OrtValue Tensor(float[] weights, TokenBuffer tokens, ReadOnlySpan<long> rows, int padded, long[] shape)
    {
        weights.AsSpan(0, (int)(shape[0] * padded)).Clear();
        for (int i = 0; i < rows.Length; i++)
            tokens.Weights((int)rows[i]).CopyTo(weights.AsSpan(i * padded));
        return Tensor(weights, shape);
    }

    private OrtValue Narrow(long[] cells, long[] shape)
    {
        int count = (int)(shape[0] * shape[1]);
        int[] narrow = Rent<int>(count);
        TensorPrimitives.ConvertTruncating<long, int>(cells.AsSpan(0, count), narrow.AsSpan(0, count));
        return Tensor(narrow, shape);
    }

    private static OrtValue Tensor<T>(T[] array, long[] shape)
        where T : unmanaged =>
        OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance, array.AsMemory(0, (int)(shape[0] * shape[1])), shape);
}
