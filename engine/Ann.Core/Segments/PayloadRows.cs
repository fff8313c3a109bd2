namespace Ann.Core.Segments;

/// <summary>The payload of a row of a build, at most <see cref="Payloads.PayloadColumn.MaxBytes"/> bytes; empty for none.</summary>
/// <param name="row">Its number.</param>
internal delegate ReadOnlySpan<byte> RowPayload(int row);
