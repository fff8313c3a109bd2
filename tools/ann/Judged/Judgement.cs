using System.Globalization;
using Ann.Core;
using Ann.Core.Files;

namespace Ann.Tool.Judged;

/// <summary>What somebody said of a passage.</summary>
/// <param name="Query">Id of the query.</param>
/// <param name="Passage">Id of the passage.</param>
/// <param name="Grade">Above 0 where it answers the query.</param>
internal readonly record struct Judgement(string Query, string Passage, int Grade)
{
    private static readonly char[] Blanks = [' ', '\t'];

    /// <summary>
    /// Reads qrels: those of TREC, four columns with blanks between (query, an iteration that nobody reads, passage, grade), or those of
    /// BEIR, three with tabs between (query, passage, grade), of which the first line may name the columns.
    /// </summary>
    /// <exception cref="AnnException">
    /// NotFound: no such file. InvalidArgument: a line that is neither, or that judges a pair again and otherwise.
    /// </exception>
    public static IReadOnlyList<Judgement> ReadAll(IFileSystem files, string path)
    {
        List<Judgement> judgements = [];
        Dictionary<(string, string), int> seen = [];
        using StreamReader reader = new(files.OpenRead(path));
        for (int line = 1; reader.ReadLine() is { } text; line++)
        {
            if (text.AsSpan().Trim().IsEmpty)
                continue;
            if (Parse(text) is not { } judgement)
            {
                if (line == 1 && text.Split('\t').Length == 3)
                    continue;
                throw AnnException.BadInput(
                    path, $"line {line}",
                    "expected query, iteration, passage and grade with blanks between, or query, passage and grade with tabs between; "
                    + $"found '{PrintedText.Of(text)}'.");
            }
            if (seen.TryAdd((judgement.Query, judgement.Passage), judgement.Grade))
                judgements.Add(judgement);
            else if (seen[(judgement.Query, judgement.Passage)] is int before && before != judgement.Grade)
            {
                throw AnnException.BadInput(
                    path, $"line {line}",
                    $"passage '{PrintedText.Of(judgement.Passage)}' of query '{PrintedText.Of(judgement.Query)}' has grade "
                    + $"{judgement.Grade} here and {before} before.");
            }
        }
        return judgements.Count > 0 ? judgements : throw AnnException.BadInput(path, "", "it holds no judgements.");
    }

    private static Judgement? Parse(string line)
    {
        string[] fields = line.Split('\t');
        if (fields.Length == 3 && GradeOf(fields[2]) is int grade)
            return new Judgement(fields[0], fields[1], grade);
        fields = line.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == 4 && GradeOf(fields[3]) is int graded ? new Judgement(fields[0], fields[2], graded) : null;
    }

    private static int? GradeOf(string text) =>
        int.TryParse(text.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int grade) ? grade : null;
}
