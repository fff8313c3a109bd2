namespace Ann.Tool.Reports.Html;

/// <summary>Head and style of every page: light or dark as the reader has it, and readable on a phone.</summary>
internal static class ReportStyle
{
    /// <summary>Colours of lines; further lines take them again, dashed.</summary>
    private const int Colours = 8;

    /// <summary>What stands in a page's head before its title.</summary>
    public const string Head =
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width, initial-scale=1'>"
        + "<meta name='color-scheme' content='light dark'>";

    /// <summary>The style sheet.</summary>
    /// <remarks>
    /// Lines are told apart by people who see colours differently, too (Okabe and Ito); on dark ground the darker ones of them are lighter.
    /// Text in an SVG shrinks with it, so that a narrow page asks for larger text and fewer numbers.
    /// </remarks>
    public const string Sheet = """
        :root { --ground: #fff; --text: #1d1d1f; --soft: #5b5b62; --line: #e3e3e6; --panel: #f6f6f8; --mark: #fdf3ec;
          --s0: #0072b2; --s1: #56b4e9; --s2: #009e73; --s3: #d55e00; --s4: #cc79a7; --s5: #b07c00; --s6: #666; --s7: #000; }
        @media (prefers-color-scheme: dark) {
          :root { --ground: #16171a; --text: #e9e9ec; --soft: #a3a3ad; --line: #35363c; --panel: #222329; --mark: #33271f;
            --s0: #4aa3df; --s1: #8fd0f5; --s2: #2fc49a; --s3: #f58235; --s4: #e29cc2; --s5: #dda62c; --s6: #9a9aa2; --s7: #f4f4f4; }
        }
        body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); max-width: 1180px; margin: 2rem auto;
          padding: 0 1.2rem; }
        h1 { font-size: 1.5rem; margin-bottom: .2rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
        .headline { font-size: 1.1rem; margin: 1rem 0; } .headline strong { display: block; font-size: 2.4rem; line-height: 1.15; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
        th, td { padding: .28rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
        th { font-weight: 600; background: var(--panel); }
        th:first-child, td:first-child, td.text, th.text { text-align: left; }
        td.text { white-space: normal; } tr.baseline td { background: var(--mark); } td.strong { font-weight: 650; }
        .note { color: var(--soft); font-size: 13.5px; }
        code { font-size: 12.5px; background: var(--panel); padding: .1rem .3rem; word-break: break-all; }
        svg { display: block; width: 100%; height: auto; } svg .grid { stroke: var(--line); }
        svg .tick { font-size: 12px; fill: var(--soft); } svg .axis { font-size: 13px; fill: var(--text); }
        .curve polyline { fill: none; stroke: var(--s); stroke-width: 2.2; } .curve circle { fill: var(--s); }
        .curve circle.ring { fill: none; stroke: var(--text); stroke-width: 2; }
        .curve .spread { stroke: var(--s); stroke-width: 5; stroke-opacity: .35; stroke-linecap: round; }
        .curve.dashed polyline { stroke-dasharray: 6 4; } svg .limit { stroke: var(--text); stroke-dasharray: 3 4; }
        .bar rect { fill: var(--s); } .bar .interval { stroke: var(--text); stroke-width: 2; } .bar.dashed rect { fill-opacity: .55; }
        .s0 { --s: var(--s0); } .s1 { --s: var(--s1); } .s2 { --s: var(--s2); } .s3 { --s: var(--s3); }
        .s4 { --s: var(--s4); } .s5 { --s: var(--s5); } .s6 { --s: var(--s6); } .s7 { --s: var(--s7); }
        ul.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; margin: .3rem 0 1rem; padding: 0; }
        ul.legend li { display: flex; align-items: center; gap: .45rem; font-size: 13.5px; } ul.legend svg { width: 26px; flex: none; }
        @media (max-width: 640px) {
          body { margin: 1rem auto; padding: 0 .8rem; } .headline strong { font-size: 1.9rem; }
          svg .tick { font-size: 22px; } svg .axis { font-size: 24px; } svg .minor { display: none; }
          .curve polyline { stroke-width: 3.4; } .curve circle { r: 5; } .curve circle.ring { r: 12; } .curve .spread { stroke-width: 8; }
          ul.legend polyline { stroke-width: 2.2; } ul.legend circle { r: 3.4; } td.text { min-width: 12rem; }
        }
        @media print {
          :root { --ground: #fff; --text: #000; --soft: #444; --line: #ccc; --panel: #f2f2f2; --mark: #fdf3ec; }
          body { max-width: none; margin: 0; } svg, tr, .headline { break-inside: avoid; } h2 { break-after: avoid; }
          .scroll { overflow: visible; } * { print-color-adjust: exact; }
        }
        """;

    /// <summary>Classes of a line.</summary>
    /// <param name="order">Its place in the legend, from 0.</param>
    public static string SeriesOf(int order) => $"s{order % Colours}" + (order >= Colours ? " dashed" : "");
}
