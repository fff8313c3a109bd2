namespace Ann.Tool.Reports;

/// <summary>What <c>ann replay --capture</c> measured.</summary>
/// <param name="Capture">The file.</param>
/// <param name="Server">The server.</param>
/// <param name="Calls">Calls that were sent again.</param>
/// <param name="Speed">How much faster than they came.</param>
/// <param name="Run">What was measured; latency counts from the time at which a call was due.</param>
/// <param name="EndedEarly">True when Ctrl-C ended it.</param>
internal sealed record CaptureReplayReport(string Capture, string Server, int Calls, double Speed, LoadRun Run, bool EndedEarly);

/// <summary>What <c>ann capture</c> made of a capture.</summary>
/// <param name="Calls">Captured calls.</param>
/// <param name="Seconds">From the first to the last.</param>
/// <param name="Indexes">Calls by index.</param>
/// <param name="Output">File of query vectors; null where none was asked for.</param>
/// <param name="Queries">Vectors in it.</param>
internal sealed record CaptureReport(int Calls, double Seconds, IReadOnlyDictionary<string, int> Indexes, string? Output, int Queries);
