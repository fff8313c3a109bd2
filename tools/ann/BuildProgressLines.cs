using Ann.Core.Segments;

namespace Ann.Tool;

/// <summary>One progress meter a stage of a build. Called by the build's own threads.</summary>
internal sealed class BuildProgressLines(ToolContext tool) : IProgress<BuildProgress>, IDisposable
{
    private readonly Lock _lock = new();
    private ProgressMeter? _meter;
    private BuildStage _stage;

    /// <inheritdoc/>
    public void Report(BuildProgress value)
    {
        lock (_lock)
        {
            if (_meter is null || value.Stage != _stage)
            {
                _meter?.Dispose();
                (string label, string unit) = value.Stage switch
                {
                    BuildStage.Codes => ("compress", "rows"),
                    BuildStage.Graph => ("build graph", "rows"),
                    BuildStage.Certificate => ("measure", "rows"),
                    _ => ("write", "bytes"),
                };
                _meter = new ProgressMeter(tool, label, unit, value.Total);
                _stage = value.Stage;
            }
            _meter.Report(value.Done);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _meter?.Dispose();
}
