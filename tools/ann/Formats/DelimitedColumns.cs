using System.Globalization;
using Ann.Core;
using Ann.Core.Attributes;

namespace Ann.Tool.Formats;

/// <summary>Which columns of a table of vectors are what, by their numbers; −1 for none.</summary>
/// <param name="Key">The column <c>id</c> or <c>_id</c>.</param>
/// <param name="List">The column <c>vector</c> or <c>embedding</c>, which holds all components.</param>
/// <param name="Components">A column a component: <c>v0</c>, <c>v1</c> … or from 1; empty where there is a list.</param>
/// <param name="Attributes">A column an attribute.</param>
internal sealed record DelimitedColumns(int Key, int List, int[] Components, int[] Attributes)
{
    /// <summary>Finds them by their names.</summary>
    /// <exception cref="AnnException">InvalidArgument: no vector, or an attribute that is not there.</exception>
    public static DelimitedColumns Find(string path, IReadOnlyList<string> names, AttributeSchema attributes)
    {
        if (names.GroupBy(static name => name).FirstOrDefault(static group => group.Count() > 1) is { } twice)
            throw AnnException.BadInput(path, "line 1", $"column '{PrintedText.Of(twice.Key)}' is there twice.");
        List<string> all = [.. names];
        int key = all.FindIndex(static name => name is "id" or "_id");
        int list = all.FindIndex(static name => name is "vector" or "embedding");
        int[] components = list >= 0 ? [] : ComponentsOf(all, attributes);
        string? missing = list < 0 && components.Length == 0
            ? "vector' (or columns v0, v1, … of components)"
            : attributes.Fields.FirstOrDefault(field => !all.Contains(field.Name)) is { } field ? field.Name + "'" : null;
        if (missing is not null)
        {
            const int Most = 20;
            string found = string.Join(", ", all.Take(Most).Select(static name => $"'{PrintedText.Of(name)}'"));
            throw AnnException.BadInput(
                path, "line 1", $"expected a column '{missing}; found {found}{(all.Count > Most ? ", …" : "")}.");
        }
        return new DelimitedColumns(key, list, components, [.. attributes.Fields.Select(field => all.IndexOf(field.Name))]);
    }

    /// <summary>The longest run of columns of one name with the numbers from 0 or from 1 behind it.</summary>
    private static int[] ComponentsOf(List<string> names, AttributeSchema attributes)
    {
        var numbered = names
            .Select(static (name, column) => (Prefix: name.TrimEnd("0123456789".ToCharArray()), Name: name, Column: column))
            .Where(one => one.Prefix.Length < one.Name.Length && attributes.Find(one.Name) < 0)
            .Select(static one => (
                one.Prefix, one.Column,
                Number: int.TryParse(one.Name.AsSpan(one.Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                    ? number : -1))
            .GroupBy(static one => one.Prefix)
            .Select(static group => group.OrderBy(static one => one.Number).ToArray())
            .Where(static run => run[0].Number is 0 or 1 && run[^1].Number - run[0].Number == run.Length - 1);
        return numbered.OrderByDescending(static run => run.Length).FirstOrDefault()?.Select(static one => one.Column).ToArray() ?? [];
    }
}
