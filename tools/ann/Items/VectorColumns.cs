using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;

namespace Ann.Tool.Items;

/// <summary>Which columns of a table of vectors are wanted, by their numbers.</summary>
/// <param name="Vector">The vectors: <c>vector</c> or <c>embedding</c>.</param>
/// <param name="Key">The keys, <c>id</c> or <c>_id</c>; -1 without.</param>
/// <param name="Attributes">A column an attribute of the schema.</param>
internal sealed record VectorColumns(int Vector, int Key, int[] Attributes)
{
    /// <summary>Finds the columns by the names of all.</summary>
    /// <exception cref="AnnException">InvalidArgument: one is not there.</exception>
    public static VectorColumns Find(string path, IReadOnlyList<string> names, AttributeSchema schema)
    {
        string[] all = [.. names];
        int vector = Array.FindIndex(all, static name => name is "vector" or "embedding");
        string? missing = vector < 0 ? "vector" : schema.Fields.FirstOrDefault(field => !all.Contains(field.Name))?.Name;
        if (missing is not null)
        {
            throw AnnException.BadInput(
                path, "schema",
                $"expected a column '{missing}'; found {string.Join(", ", all.Select(static name => $"'{PrintedText.Of(name)}'"))}.");
        }
        return new VectorColumns(
            vector, Array.FindIndex(all, static name => name is "id" or "_id"),
            [.. schema.Fields.Select(field => Array.IndexOf(all, field.Name))]);
    }

    /// <summary>Checks the length of the first row.</summary>
    /// <exception cref="AnnException">InvalidArgument: no vector has it.</exception>
    public static int RequireDimension(string path, string column, int found) => found is >= 1 and <= RowLayout.MaxColumns
        ? found
        : throw AnnException.BadInput(
            path, "row 0", $"expected a list of 1 to {RowLayout.MaxColumns} numbers in '{column}'; found {found}.");
}
