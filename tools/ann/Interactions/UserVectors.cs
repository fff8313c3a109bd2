using Ann.Core;
using Ann.Tool.Attributes;

namespace Ann.Tool.Interactions;

/// <summary>Vectors with their keys, in memory: of users, or of any queries that are told apart by key.</summary>
/// <param name="Keys">The key of each row; its number, from 0, where rows have none.</param>
/// <param name="Rows">As many.</param>
internal sealed record UserVectors(string[] Keys, float[][] Rows)
{
    /// <summary>Reads a file in any format that build reads, with the keys that it or its sidecar has.</summary>
    /// <param name="tool">Whose files.</param>
    /// <param name="path">The file.</param>
    /// <param name="index">The index that is asked, for messages.</param>
    /// <param name="dimension">Components of its vectors.</param>
    /// <exception cref="AnnException">InvalidArgument: unreadable, too large, or of another dimension than the index.</exception>
    public static UserVectors Read(ToolContext tool, string path, string index, int dimension)
    {
        using InputRows input = new(tool, path, null, AttributeRequest.Beside);
        if (input.Dimension != dimension)
            throw AnnException.BadInput(path, "", $"the queries have dimension {input.Dimension}; {index} has {dimension}.");
        float[][] rows = new float[input.Count][];
        float[] batch = new float[Math.Max(1, (1 << 16) / dimension) * dimension];
        for (int row = 0; input.Read(batch) is int read and > 0; row += read)
            for (int i = 0; i < read; i++)
                rows[row + i] = batch[(i * dimension)..((i + 1) * dimension)];
        string[] keys =
        [
            .. Enumerable.Range(0, rows.Length).Select(
                row => input.Keys?.Format(row) ?? row.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ];
        return new UserVectors(keys, rows);
    }
}
