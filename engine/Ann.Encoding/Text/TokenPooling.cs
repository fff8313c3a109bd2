using System.Diagnostics;
using System.Numerics.Tensors;

namespace Ann.Encoding.Text;

/// <summary>One vector out of one vector per token. Padding stands at the end of a row, so the first tokens are the text.</summary>
internal static class TokenPooling
{
    /// <summary>Pools one row.</summary>
    /// <param name="pooling">Any but none.</param>
    /// <param name="states">Vectors of the row's tokens, padding included or not.</param>
    /// <param name="tokens">Tokens that are not padding; 0 gives zeros.</param>
    /// <param name="pooled">Receives the vector.</param>
    public static void Pool(Pooling pooling, ReadOnlySpan<float> states, int tokens, Span<float> pooled)
    {
        Debug.Assert(pooling is not Pooling.None);
        Debug.Assert(states.Length >= tokens * pooled.Length);

        pooled.Clear();
        if (tokens == 0)
            return;
        int length = pooled.Length;
        switch (pooling)
        {
            case Pooling.Cls:
                states[..length].CopyTo(pooled);
                break;
            case Pooling.Last:
                states.Slice((tokens - 1) * length, length).CopyTo(pooled);
                break;
            case Pooling.Max:
                states[..length].CopyTo(pooled);
                for (int token = 1; token < tokens; token++)
                    TensorPrimitives.Max(pooled, states.Slice(token * length, length), pooled);
                break;
            case Pooling.Mean:
                for (int token = 0; token < tokens; token++)
                    TensorPrimitives.Add(pooled, states.Slice(token * length, length), pooled);
                TensorPrimitives.Divide(pooled, tokens, pooled);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(pooling), pooling, "A row per text is not pooled.");
        }
    }
}
