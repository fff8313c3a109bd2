namespace Ann.Encoding.Batching;

/// <summary>A run of an encoder.</summary>
/// <param name="Encoder">Its name.</param>
/// <param name="Provider">The execution provider that ran it.</param>
/// <param name="Rows">Inputs of the batch.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Succeeded">False where it failed as a whole; a run that is tried again by halves is not told.</param>
internal readonly record struct BatchReport(string Encoder, string Provider, int Rows, TimeSpan Elapsed, bool Succeeded);
