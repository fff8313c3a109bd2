using System.Globalization;
using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Protocol.V1;

namespace Ann.Tool.Remote;

/// <summary>Keys as command lines give them: separated by commas, or a file with a key a line.</summary>
internal static class KeyLists
{
    /// <summary>What a help text says of them.</summary>
    public const string ValueName = "KEY,…|@FILE";

    /// <summary>Appends keys to a column.</summary>
    /// <param name="tool">Where a file is.</param>
    /// <param name="option">Where they were given, for messages.</param>
    /// <param name="text">
    /// Keys separated by commas, or @ and the name of a file: a .keys.jsonl sidecar, or a text with a key a line.
    /// </param>
    /// <param name="index">The index that has them.</param>
    /// <param name="into">The column.</param>
    /// <exception cref="AnnException">InvalidArgument: no key, or no number where the index has numbers.</exception>
    public static void Read(ToolContext tool, string option, string text, IndexDescription index, KeyColumn into)
    {
        if (text.StartsWith('@'))
        {
            ReadFile(tool, option, text[1..], index, into);
            return;
        }
        string[] keys = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (keys.Length == 0)
            throw AnnException.Invalid(option, $"{option} names no key.");
        foreach (string key in keys)
            Add(option, key, index, into);
    }

    /// <summary>Appends one key, which may hold commas.</summary>
    /// <exception cref="AnnException">InvalidArgument: no number where the index has numbers.</exception>
    public static void Add(string where, string key, IndexDescription index, KeyColumn into)
    {
        if (index.KeyKind == KeyKind.String)
            into.Texts.Add(key);
        else if (ulong.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
            into.Numbers.Add(number);
        else
            throw AnnException.Invalid(
                where, $"{where}: the keys of index '{index.Name}' are whole numbers of 0 to 2^64 − 1; found '{key}'.");
    }

    private static void ReadFile(ToolContext tool, string option, string path, IndexDescription index, KeyColumn into)
    {
        if (path.EndsWith(KeySidecar.Suffix, StringComparison.Ordinal))
        {
            Core.Keys.KeyColumn keys = KeySidecar.Read(tool.Files, path).Keys
                ?? throw AnnException.BadInput(path, "", "its keys are in the .jsonl file that it belongs to; a key a line is expected.");
            for (int row = 0; row < keys.Count; row++)
                Add($"{path}: row {row}", keys.Format(row), index, into);
            return;
        }
        using StreamReader lines = new(tool.Files.OpenRead(path));
        int found = 0;
        for (int number = 1; lines.ReadLine() is string line; number++)
        {
            if (line.Trim() is not { Length: > 0 } key)
                continue;
            Add($"{path}: line {number}", key, index, into);
            found++;
        }
        if (found == 0)
            throw AnnException.BadInput(path, "", $"it holds no key; {option} expects a key a line.");
    }
}
