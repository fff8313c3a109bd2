using System.Diagnostics;
using System.Numerics.Tensors;

namespace Ann.Encoding.Text;

/// <summary>One vector out of one vector per token. Padding stands at the end of a row, so the first tokens are the text.</summary>
internal static class TokenPooling
{
    /// <summary>Pools one row.</summary>
    /// <param name="pooling">Mean or first token.</param>
    /// <param name="states">Vectors of the row's tokens, padding included or not.</param>
    /// <param name="tokens">Tokens that are not padding; 0 gives zeros.</param>
    /// <param name="pooled">Receives the vector.</param>
    public static void Pool(Pooling pooling, ReadOnlySpan<float> states, int tokens, Span<float> pooled)
    {
        Debug.Assert(pooling is Pooling.Mean or Pooling.Cls);
        Debug.Assert(states.Length >= tokens * pooled.Length);

        pooled.Clear();
        if (tokens == 0)
            return;
        if (pooling == Pooling.Cls)
        {
            states[..pooled.Length].CopyTo(pooled);
            return;
        }
        for (int token = 0; token < tokens; token++)
            TensorPrimitives.Add(pooled, states.Slice(token * pooled.Length, pooled.Length), pooled);
        TensorPrimitives.Divide(pooled, tokens, pooled);
    }
}
