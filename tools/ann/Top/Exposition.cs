using System.Globalization;
using Ann.Core;

namespace Ann.Tool.Top;

/// <summary>A number of a server's metrics.</summary>
/// <param name="Name">Of the series.</param>
/// <param name="Labels">By name.</param>
/// <param name="Value">The number.</param>
internal sealed record ExposedValue(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>Metrics as a server tells them to Prometheus: its text format 0.0.4.</summary>
internal static class Exposition
{
    private static readonly Dictionary<string, string> None = [];

    /// <summary>Every number, in the order of the text.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the line.</exception>
    public static IEnumerable<ExposedValue> Parse(string text)
    {
        int number = 0;
        foreach (string whole in text.Split('\n'))
        {
            number++;
            string line = whole.Trim();
            if (line.Length > 0 && line[0] != '#')
                yield return Value(line) ?? throw AnnException.BadInput("metrics", $"line {number}", $"it is no metric: {line}");
        }
    }

    private static ExposedValue? Value(string line)
    {
        int end = line.AsSpan().IndexOfAny('{', ' ');
        if (end <= 0)
            return null;
        IReadOnlyDictionary<string, string> labels = None;
        string name = line[..end];
        if (line[end] == '{')
        {
            if (Labels(line, ref end) is not { } found)
                return null;
            labels = found;
        }
        string[] rest = line[end..].Split(' ', StringSplitOptions.RemoveEmptyEntries); // a time may follow
        return rest.Length > 0 && Number(rest[0]) is { } value ? new ExposedValue(name, labels, value) : null;
    }

    private static double? Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : null,
    };

    /// <summary>The labels that begin at a brace; moves behind the one that closes.</summary>
    private static Dictionary<string, string>? Labels(string line, ref int at)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        at++;
        while (at < line.Length && line[at] != '}')
        {
            int equals = line.IndexOf('=', at);
            if (equals < 0 || equals + 1 >= line.Length || line[equals + 1] != '"')
                return null;
            string name = line[at..equals].Trim(',', ' ');
            System.Text.StringBuilder value = new();
            for (at = equals + 2; at < line.Length && line[at] != '"'; at++)
            {
                if (line[at] == '\\' && at + 1 < line.Length)
                    value.Append(line[++at] == 'n' ? '\n' : line[at]);
                else
                    value.Append(line[at]);
            }
            at++;
            labels[name] = value.ToString();
        }
        at++;
        return at <= line.Length ? labels : null;
    }
}
