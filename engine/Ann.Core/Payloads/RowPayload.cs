namespace Ann.Core.Payloads;

/// <summary>
/// The payload of a row that is to be written, at most <see cref="PayloadColumn.MaxBytes"/> bytes; empty for none. Says the same each time.
/// </summary>
/// <param name="row">Its number.</param>
internal delegate ReadOnlySpan<byte> RowPayload(int row);
