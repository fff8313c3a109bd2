using System.Globalization;
using Ann.Core;

namespace Ann.Bench.Peers;

/// <summary>Resident memory of a process in bytes: all of it, not backed by a file, backed by one.</summary>
internal readonly record struct ResidentMemory(long Total, long Anonymous, long File)
{
    public static ResidentMemory operator -(ResidentMemory a, ResidentMemory b) =>
        new(a.Total - b.Total, a.Anonymous - b.Anonymous, a.File - b.File);
}

/// <summary>One beam width as a worker measured it. The last three are negative where they are not known.</summary>
/// <param name="Ef">Beam width.</param>
/// <param name="Searches">Timed searches.</param>
/// <param name="Queries">Distinct queries that were answered, from the first on.</param>
/// <param name="Seconds">For all searches.</param>
/// <param name="Visited">Distances computed, a mean of a query.</param>
/// <param name="Allocated">Bytes of managed memory a query.</param>
/// <param name="CpuSeconds">Processor time of all threads, for all searches.</param>
internal sealed record WorkerRun(
    int Ef, int Searches, int Queries, double Seconds, double Visited, double Allocated, double CpuSeconds);

/// <summary>The lines that workers and drivers write (described in <c>Drivers/driver.h</c>).</summary>
internal sealed record DriverOutput
{
    public string Program { get; private init; } = "";

    public string Version { get; private init; } = "";

    /// <summary>Seconds that a build took; negative when there was none.</summary>
    public double BuildSeconds { get; private init; } = -1;

    /// <summary>Memory that serving added.</summary>
    public ResidentMemory Serving { get; private init; }

    public IReadOnlyList<WorkerRun> Runs { get; private init; } = [];

    /// <summary>Reads all lines.</summary>
    /// <param name="text">Standard output of a worker.</param>
    /// <param name="engine">For messages.</param>
    /// <exception cref="AnnException">InvalidArgument: a line of another kind, or a field that is missing or no number.</exception>
    public static DriverOutput Parse(string text, string engine)
    {
        DriverOutput result = new();
        ResidentMemory before = default;
        List<WorkerRun> runs = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            Fields fields = new(line, engine);
            switch (fields.Kind)
            {
                case "program":
                    result = result with { Program = fields.Text("name"), Version = fields.Text("version") };
                    break;
                case "built":
                    result = result with { BuildSeconds = fields.Number("seconds") };
                    break;
                case "memory":
                    ResidentMemory now = new((long)fields.Number("rss"), (long)fields.Number("anonymous"), (long)fields.Number("file"));
                    if (fields.Text("stage") == "before")
                        before = now;
                    else
                        result = result with { Serving = now - before };
                    break;
                case "run":
                    runs.Add(new WorkerRun(
                        (int)fields.Number("ef"), (int)fields.Number("searches"), (int)fields.Number("queries"), fields.Number("seconds"),
                        fields.Number("visited"), fields.Number("allocated", otherwise: -1), fields.Number("cpu", otherwise: -1)));
                    break;
                default:
                    throw fields.Fault("the line is of no kind that is known");
            }
        }
        return result with { Runs = runs };
    }

    private sealed class Fields
    {
        private readonly Dictionary<string, string> _values = [];
        private readonly string _line;
        private readonly string _engine;

        public Fields(string line, string engine)
        {
            _line = line;
            _engine = engine;
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Kind = words[0];
            foreach (string word in words.AsSpan(1))
            {
                int place = word.IndexOf('=', StringComparison.Ordinal);
                if (place < 0)
                    throw Fault($"'{word}' is no name=value");
                _values[word[..place]] = word[(place + 1)..];
            }
        }

        public string Kind { get; }

        public string Text(string name) => _values.TryGetValue(name, out string? value) ? value : throw Fault($"{name} is missing");

        public double Number(string name, double? otherwise = null)
        {
            if (otherwise is double value && !_values.ContainsKey(name))
                return value;
            return double.TryParse(Text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                ? number
                : throw Fault($"{name} is no number");
        }

        public AnnException Fault(string what) =>
            AnnException.Invalid("engines", $"{_engine} wrote '{_line}', which is not understood: {what}.");
    }
}
