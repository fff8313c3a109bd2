using System.Diagnostics;
using System.Numerics;
using System.Numerics.Tensors;
using Ann.Encoding.Onnx;
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

/// <summary>Rows of tokens, as the inputs of one inference.</summary>
/// <param name="tokens">The rows.</param>
/// <param name="paddingId">Id of padding.</param>
/// <param name="shaped">Rows of the tensors, at least as many as are filled.</param>
/// <param name="padded">Tokens per row of the tensors.</param>
internal readonly ref struct TextFeed(TokenBuffer tokens, long paddingId, int shaped, int padded)
{
    /// <summary>Rows of the tensors.</summary>
    public int Rows => shaped;

    /// <summary>Fills one tensor an input.</summary>
    /// <param name="inputs">The graph's inputs.</param>
    /// <param name="rows">Which rows.</param>
    /// <param name="memory">Owns the tensors.</param>
    public OrtValue[] Fill(TextInput[] inputs, ReadOnlySpan<long> rows, TensorMemory memory)
    {
        Debug.Assert(rows.Length <= shaped);

        OrtValue[] values = new OrtValue[inputs.Length];
        long[] shape = [shaped, padded];
        for (int i = 0; i < inputs.Length; i++)
        {
            TextInput input = inputs[i];
            if (input.Role == TextInputRole.Weights)
            {
                values[i] = memory.Input(input.Type, shape, out Span<float> weights);
                weights.Clear();
                for (int row = 0; row < rows.Length; row++)
                    tokens.Weights((int)rows[row]).CopyTo(weights[(row * padded)..]);
            }
            else if (input.Type == TensorElementType.Int64)
            {
                values[i] = memory.Input(input.Type, shape, out Span<long> cells);
                Fill(input.Role, cells, rows);
            }
            else
            {
                values[i] = memory.Input(input.Type, shape, out Span<int> cells);
                Fill(input.Role, cells, rows);
            }
        }
        return values;
    }

    private void Fill<T>(TextInputRole role, Span<T> cells, ReadOnlySpan<long> rows)
        where T : unmanaged, INumber<T>
    {
        cells.Fill(role == TextInputRole.Ids ? T.CreateChecked(paddingId) : T.Zero);
        if (role == TextInputRole.Positions)
            for (int cell = 0; cell < cells.Length; cell++)
                cells[cell] = T.CreateChecked(cell % padded);
        for (int i = 0; i < rows.Length; i++)
        {
            ReadOnlySpan<long> ids = tokens.Ids((int)rows[i]);
            Span<T> row = cells.Slice(i * padded, ids.Length);
            if (role == TextInputRole.Ids)
                TensorPrimitives.ConvertTruncating(ids, row);
            else if (role == TextInputRole.Mask)
                row.Fill(T.One);
        }
    }
}
