using System.Globalization;
using System.Text;
using Ann.Core;
using Ann.Core.Keys;
using Ann.Tool.Items;

namespace Ann.Tool.Samples;

/// <summary>
/// Reads ratings as MovieLens has them, told apart by their first line: <c>user::item::rating::time</c> (<c>ratings.dat</c>), the same
/// between tabs (<c>u.data</c>) or commas, and tables with a line of names (<c>ratings.csv</c>). Packed or not.
/// </summary>
internal sealed class RatingFile
{
    private const int MostOfFirstLine = 64 << 10;

    private static readonly string[] UserNames = ["user", "user_id", "userid"];
    private static readonly string[] ItemNames = ["movie", "movie_id", "movieid", "item", "item_id", "itemid"];
    private static readonly string[] RatingNames = ["rating", "score"];
    private static readonly string[] TimeNames = ["timestamp", "time", "ts"];

    private readonly string _path;
    private readonly double? _least;
    private readonly Dictionary<string, int> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _items = new(StringComparer.Ordinal);
    private readonly Dictionary<(int User, int Item), (double Time, long Line)> _events = [];
    private long _lines;
    private long _below;
    private bool _hasTimes;

    private RatingFile(string path, double? least) => (_path, _least) = (path, least);

    /// <summary>Reads a file.</summary>
    /// <param name="tool">Where it is, and where progress is told.</param>
    /// <param name="path">The file.</param>
    /// <param name="least">Ratings below are left out; null takes all.</param>
    /// <param name="cancellation">Looked at between lines.</param>
    /// <exception cref="AnnException">NotFound: no such file. InvalidArgument: names file, line, what was expected and found.</exception>
    public static Ratings Read(ToolContext tool, string path, double? least, CancellationToken cancellation)
    {
        RatingFile file = new(path, least);
        using ProgressMeter progress = new(tool, "read", "ratings", total: null);
        string first = FirstLineOf(tool, path);
        if (first.Contains("::", StringComparison.Ordinal))
        {
            file.ReadLines(tool, "::", progress, cancellation);
        }
        else
        {
            string delimiter = first.Contains('\t') ? "\t" : ",";
            if (HasNames(first, delimiter))
                file.ReadTable(tool, delimiter, progress, cancellation);
            else
                file.ReadLines(tool, delimiter, progress, cancellation);
        }
        return file.End();
    }

    private static string FirstLineOf(ToolContext tool, string path)
    {
        using InputStream input = new(tool.Files.OpenRead(path), path);
        byte[] start = new byte[MostOfFirstLine];
        ReadOnlySpan<byte> line = start.AsSpan(0, input.ReadAtLeast(start, start.Length, throwOnEndOfStream: false));
        int end = line.IndexOf((byte)'\n');
        if (end < 0 && line.Length == MostOfFirstLine)
            throw AnnException.BadInput(path, "line 1", $"expected ratings; found a line of {MostOfFirstLine} bytes or more.");
        string text = System.Text.Encoding.UTF8.GetString(end < 0 ? line : line[..end]).TrimEnd('\r');
        return text.Length > 0 ? text : throw AnnException.BadInput(path, "line 1", "expected ratings; found nothing.");
    }

    /// <summary>A first line is one of names where no field of it is a number.</summary>
    private static bool HasNames(string line, string delimiter)
    {
        string[] fields = line.Split(delimiter);
        return fields.Length >= 2 && fields.All(static field => !TryNumber(field.Trim('"'), out _));
    }

    private void ReadLines(ToolContext tool, string delimiter, ProgressMeter progress, CancellationToken cancellation)
    {
        using InputStream input = new(tool.Files.OpenRead(_path), _path);
        using StreamReader reader = new(input, new UTF8Encoding(false, throwOnInvalidBytes: true));
        _hasTimes = true;
        try
        {
            while (reader.ReadLine() is { } text)
            {
                _lines++;
                if (text.Length == 0)
                    continue;
                string[] fields = text.Split(delimiter);
                if (fields.Length != 4)
                {
                    string between = delimiter == "\t" ? "tabs" : $"'{delimiter}'";
                    throw Bad(_lines, $"expected user, item, rating and time with {between} between; found '{PrintedText.Of(text)}'.");
                }
                Take(_lines, fields[0], fields[1], fields[2], fields[3]);
                Tell(progress, input, cancellation);
            }
        }
        catch (DecoderFallbackException e)
        {
            throw Bad(_lines + 1, "this line or one soon behind it is not valid UTF-8 text.", e);
        }
    }

    private void ReadTable(ToolContext tool, string delimiter, ProgressMeter progress, CancellationToken cancellation)
    {
        InputStream input = new(tool.Files.OpenRead(_path), _path);
        using DelimitedTable table = new(input, _path, delimiter);
        int user = Column(table, UserNames, "userId");
        int item = Column(table, ItemNames, "movieId");
        int rating = Find(table, RatingNames);
        int time = Find(table, TimeNames);
        _hasTimes = time >= 0;
        if (rating < 0 && _least is not null)
            throw Bad(1, $"--min-rating needs a column rating; found {string.Join(", ", table.Names)}.");
        while (table.TryRead())
        {
            _lines++;
            Take(table.Line, table[user], table[item], rating < 0 ? null : table[rating], time < 0 ? null : table[time]);
            Tell(progress, input, cancellation);
        }
    }

    private void Tell(ProgressMeter progress, InputStream input, CancellationToken cancellation)
    {
        if (_lines % 4096 != 0)
            return;
        cancellation.ThrowIfCancellationRequested();
        progress.Report(_lines, input.Fraction);
    }

    private int Column(DelimitedTable table, string[] names, string usual)
    {
        int found = Find(table, names);
        return found >= 0
            ? found
            : throw Bad(1, $"expected a column {usual}, as of userId,movieId,rating,timestamp; found {string.Join(", ", table.Names)}.");
    }

    private static int Find(DelimitedTable table, string[] names)
    {
        for (int column = 0; column < table.Names.Count; column++)
            if (names.Contains(table.Names[column], StringComparer.OrdinalIgnoreCase))
                return column;
        return -1;
    }

    private void Take(long line, string user, string item, string? rating, string? time)
    {
        CheckKey(line, "user", user);
        CheckKey(line, "item", item);
        double given = 0;
        if (rating is not null && !TryNumber(rating, out given))
            throw Bad(line, $"expected a number as rating; found '{PrintedText.Of(rating)}'.");
        double when = line;
        if (time is not null && !TryNumber(time, out when))
            throw Bad(line, $"expected a number as time, such as seconds since 1970; found '{PrintedText.Of(time)}'.");
        if (given < _least)
        {
            _below++;
            return;
        }
        (int User, int Item) pair = (NumberOf(_users, user), NumberOf(_items, item));
        if (!_events.TryGetValue(pair, out (double Time, long Line) before) || before.Time <= when)
            _events[pair] = (when, line);
    }

    /// <summary>Keys go to index files and to lines with tabs.</summary>
    private void CheckKey(long line, string what, string key)
    {
        int bytes = System.Text.Encoding.UTF8.GetByteCount(key);
        if (bytes is 0 or > KeyColumn.MaxKeyBytes || key.Any(char.IsControl))
        {
            throw Bad(
                line, $"expected a key of 1 to {KeyColumn.MaxKeyBytes} bytes without control characters as {what}; "
                    + $"found '{PrintedText.Of(key[..Math.Min(key.Length, 80)])}'.");
        }
    }

    private Ratings End()
    {
        if (_events.Count == 0)
        {
            throw AnnException.BadInput(
                _path, "", _below > 0 ? $"none of its {_below} ratings is {_least} or more (--min-rating)." : "it holds no ratings.");
        }
        RatingEvent[] events =
        [
            .. _events.OrderBy(static one => one.Key.User).ThenBy(static one => one.Value.Time).ThenBy(static one => one.Value.Line)
                .Select(static one => new RatingEvent(one.Key.User, one.Key.Item, one.Value.Time)),
        ];
        return new Ratings(KeysOf(_users), KeysOf(_items), events) { Lines = _lines, Below = _below, HasTimes = _hasTimes };
    }

    private static string[] KeysOf(Dictionary<string, int> numbers)
    {
        string[] keys = new string[numbers.Count];
        foreach ((string key, int number) in numbers)
            keys[number] = key;
        return keys;
    }

    private static int NumberOf(Dictionary<string, int> numbers, string key)
    {
        if (!numbers.TryGetValue(key, out int number))
            numbers.Add(key, number = numbers.Count);
        return number;
    }

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    private AnnException Bad(long line, string what, Exception? inner = null) =>
        AnnException.BadInput(_path, $"line {line}", what, inner);
}
