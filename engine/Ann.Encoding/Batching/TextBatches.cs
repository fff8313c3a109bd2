using System.Diagnostics;

namespace Ann.Encoding.Batching;

/// <summary>A text, and what it is for.</summary>
/// <param name="Text">The text.</param>
/// <param name="Role">Decides its prefix.</param>
internal readonly record struct RoleText(string Text, TextRole Role);

/// <summary>A text encoder as batches are made for it.</summary>
/// <param name="encoder">Stays the caller's.</param>
internal sealed class TextBatches(TextEncoder encoder) : IBatchEncoder<RoleText>
{
    /// <summary>Tokens that a short text is padded to.</summary>
    private const int LeastTokens = 8;

    /// <summary>Bytes of UTF-8 in a token: four letters, or a character and a third of a script of three bytes.</summary>
    private const int TokenBytes = 4;

    /// <summary>A string's header, and its places in tables.</summary>
    private const int TextOverhead = 100;

    /// <inheritdoc/>
    public EncoderInfo Info => encoder.Info;

    /// <inheritdoc/>
    public long MostWeight => encoder.MaxBatchTokens;

    /// <inheritdoc/>
    /// <remarks>Told from its bytes: to tokenise every text twice would cost small encoders as much as their runs.</remarks>
    public long WeightOf(RoleText input) => Math.Clamp(
        System.Text.Encoding.UTF8.GetByteCount(input.Text) / TokenBytes + 2, Math.Min(LeastTokens, encoder.MaxTokens), encoder.MaxTokens);

    /// <inheritdoc/>
    public long BytesOf(RoleText input) => TextOverhead + (long)input.Text.Length * sizeof(char);

    /// <inheritdoc/>
    public int GroupOf(RoleText input) => (int)input.Role;

    /// <inheritdoc/>
    public void Encode(IReadOnlyList<RoleText> inputs, Span<float> rows, CancellationToken cancellation)
    {
        Debug.Assert(inputs.All(input => input.Role == inputs[0].Role));

        encoder.Encode([.. inputs.Select(static input => input.Text)], inputs[0].Role, rows, cancellation);
    }
}
