using System.Globalization;
using System.Net;
using System.Text;
using Ann.Core.Files;

namespace Ann.Tool.Reports.Html;

/// <summary>
/// One self-contained page of what a verb measured, in the order in which it is read: title, headline figure, plot, tables, machine and
/// command. No script, nothing fetched. All texts are plain and are escaped here; a chart is what <see cref="LineChart"/> or
/// <see cref="BarChart"/> drew.
/// </summary>
internal sealed class ReportPage
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private readonly StringBuilder _html = new();

    /// <summary>Starts a page.</summary>
    public ReportPage(string title) => _html.Append(
        Invariant,
        $"{ReportStyle.Head}<title>{Escape(title)}</title><style>{ReportStyle.Sheet}</style></head><body><main><h1>{Escape(title)}</h1>");

    /// <summary>The figure that the page is about, large, and what it is one of.</summary>
    public ReportPage Headline(string figure, string words)
    {
        _html.Append(Invariant, $"<p class='headline'><strong>{Escape(figure)}</strong> {Escape(words)}</p>");
        return this;
    }

    /// <summary>A heading.</summary>
    public ReportPage Section(string heading)
    {
        _html.Append(Invariant, $"<h2>{Escape(heading)}</h2>");
        return this;
    }

    /// <summary>A paragraph in smaller, softer type: how it was measured, what a sign means.</summary>
    public ReportPage Note(string text)
    {
        _html.Append(Invariant, $"<p class='note'>{Escape(text)}</p>");
        return this;
    }

    /// <summary>A plot.</summary>
    /// <param name="svg">From <see cref="LineChart"/> or <see cref="BarChart"/>.</param>
    public ReportPage Chart(string svg)
    {
        _html.Append(svg);
        return this;
    }

    /// <summary>A table that scrolls by itself where the page is too narrow.</summary>
    /// <param name="heads">
    /// Of the columns. The first is to the left, and so are those of text, whose heads end with a colon, which is left out.
    /// </param>
    /// <param name="rows">As many cells as heads.</param>
    /// <param name="isMarked">True for the number of a row that stands out; null where none does.</param>
    public ReportPage Table(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows, Func<int, bool>? isMarked = null)
    {
        bool[] isText = [.. heads.Select(static head => head.EndsWith(':'))];
        _html.Append("<div class='scroll' tabindex='0'><table><tr>");
        for (int i = 0; i < heads.Count; i++)
            _html.Append(Invariant, $"<th{(isText[i] ? " class='text'" : "")}>{Escape(heads[i].TrimEnd(':'))}</th>");
        _html.Append("</tr>");
        int number = 0;
        foreach (IReadOnlyList<string> row in rows)
        {
            _html.Append(isMarked?.Invoke(number++) == true ? "<tr class='baseline'>" : "<tr>");
            for (int i = 0; i < row.Count; i++)
                _html.Append(Invariant, $"<td{(isText[i] ? " class='text'" : "")}>{Escape(row[i])}</td>");
            _html.Append("</tr>");
        }
        _html.Append("</table></div>");
        return this;
    }

    /// <summary>A command line.</summary>
    public ReportPage Command(string line)
    {
        _html.Append(Invariant, $"<p><code>{Escape(line)}</code></p>");
        return this;
    }

    /// <summary>Ends the page with machine, time and command, and writes it whole or not at all.</summary>
    /// <param name="tool">Whose command line it is.</param>
    /// <param name="path">The file; one that is there is replaced.</param>
    public void Write(ToolContext tool, string path)
    {
        string page = End(Machine.Describe(tool.Files), tool.Time.GetUtcNow(), tool.Command);
        using AtomicFile file = new(tool.Files, path);
        file.Stream.Write(System.Text.Encoding.UTF8.GetBytes(page));
        file.Commit();
    }

    /// <summary>Ends the page and gives it whole.</summary>
    /// <param name="machine">What the figures were measured on.</param>
    /// <param name="started">When.</param>
    /// <param name="command">The command line that gives them again.</param>
    public string End(Machine machine, DateTimeOffset started, string command)
    {
        Section("Machine and command");
        _html.Append(Invariant, $"<p>{Escape(machine.ToText())}; {started:yyyy-MM-dd HH:mm} UTC</p>");
        Command(command);
        return _html.Append("</main></body></html>\n").ToString();
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
