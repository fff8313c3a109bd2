namespace Ann.Encoding;

/// <summary>What an encoder's model reads and gives, and every answer that was found for it.</summary>
/// <param name="Inputs">The graph's inputs, each with type and shape: <c>'input_ids' int64[-1,-1]</c>; -1 where a length varies.</param>
/// <param name="Outputs">Its outputs, in the same way.</param>
/// <param name="Resolved">An <c>encoder.json</c> that says all of it. Paths are left out.</param>
internal sealed record EncoderShape(IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, EncoderDescription Resolved);
