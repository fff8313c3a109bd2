using System.CommandLine;
using System.CommandLine.Parsing;
using Ann.Core;
using Ann.Protocol.V1;
using Ann.Tool.Remote;

namespace Ann.Tool.Queries;

/// <summary>Options that name the examples of one side of a recommendation: items by their keys, texts, vectors.</summary>
internal sealed class ExampleOptions
{
    private readonly Option<string[]> _keys;
    private readonly Option<string[]> _texts;
    private readonly Option<string?> _vectorFile;

    /// <param name="side"><c>like</c> or <c>unlike</c>.</param>
    /// <param name="aim">What they are there for, in words.</param>
    public ExampleOptions(string side, string aim)
    {
        _keys = new Option<string[]>($"--{side}")
        {
            Description = $"Keys of items {aim}. May be repeated.",
            HelpName = KeyLists.ValueName,
        };
        _texts = new Option<string[]>($"--{side}-text")
        {
            Description = $"A text {aim}, encoded by the server. May be repeated.",
            HelpName = "TEXT",
        };
        _vectorFile = VerbOptions.Optional($"--{side}-vector-file", "FILE", $"Vectors {aim}, instead of texts.");
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_keys);
        command.Add(_texts);
        command.Add(_vectorFile);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_texts) is not null && result.GetResult(_vectorFile) is not null)
                result.AddError($"{_texts.Name} and {_vectorFile.Name} exclude each other.");
        });
    }

    /// <summary>True when an example is given.</summary>
    public bool IsGiven(CommandResult result) =>
        result.GetResult(_keys) is not null || result.GetResult(_texts) is not null || result.GetResult(_vectorFile) is not null;

    /// <summary>The keys; null for none.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the option.</exception>
    public KeyColumn? Keys(ToolContext tool, ParseResult parsed, IndexDescription index)
    {
        string[] lists = parsed.GetValue(_keys) ?? [];
        if (lists.Length == 0)
            return null;
        KeyColumn keys = new();
        foreach (string list in lists)
            KeyLists.Read(tool, _keys.Name, list, index, keys);
        return keys;
    }

    /// <summary>The texts, which the server encodes.</summary>
    public string[] Texts(ParseResult parsed) => parsed.GetValue(_texts) ?? [];

    /// <summary>The vectors; null for none.</summary>
    /// <exception cref="AnnException">InvalidArgument: the file.</exception>
    public VectorBatch? Vectors(ToolContext tool, ParseResult parsed) =>
        parsed.GetValue(_vectorFile) is { } file ? QueryRows.Read(tool, file).Batch : null;
}
