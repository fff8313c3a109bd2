using System.CommandLine;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Segments;
using Ann.Tool.Attributes;

namespace Ann.Tool.Verbs;

/// <summary>Options that say what index file is built, the same for every verb that builds one.</summary>
internal sealed class BuildVerbOptions
{
    private readonly Option<string> _output = VerbOptions.Required("--output", "FILE", "The .ann file. It appears when it is whole.");
    private readonly BuildShape _shape;
    private readonly Option<int> _threads = VerbOptions.Number(
        "--threads", "Threads; they do not change the file.", Environment.ProcessorCount, 1, 1024);
    private readonly Option<string?> _attributes = AttributeOptions.Schema(
        "Attributes of the items: of formats that carry them those of these names, of other formats some of the sidecar (default: all).");
    private readonly Option<string?> _attributesFile = AttributeOptions.File();
    private readonly Option<string> _zeroRows = VerbOptions.Choice(
        "--zero-rows", "Rows that are the zero vector, under cosine: fail names all of them, skip leaves them out with their keys.",
        "fail", "fail", "skip");
    private readonly Option<string?> _queries = VerbOptions.Optional("--queries", "FILE",
        "Queries such as will be asked, in any format that ann build reads: recall is measured with them. "
        + "Default: items stand in for queries.");
    private readonly Option<double?> _minRecall = VerbOptions.OptionalNumber(
        "--min-recall",
        $"Exit with 1 and write nothing when recall@10 at ef {RecallFloor.Ef}, as measured, is less. "
        + $"Default: warn below {RecallFloor.Default.Least}.", 0, 1);

    /// <param name="shapeIsOfInput">True where m and ef-construction are those of the input, unless they are given.</param>
    public BuildVerbOptions(bool shapeIsOfInput = false)
    {
        _shape = new BuildShape(shapeIsOfInput);
        _output.Required = !shapeIsOfInput;
    }

    /// <summary>Adds a check of the whole line, told of the file that was named to write; null where none was.</summary>
    public void RequireOutput(Command command, Action<System.CommandLine.Parsing.CommandResult, string?> check) =>
        command.Validators.Add(result => check(result, result.GetValue(_output)));

    /// <summary>The attributes that were named, and their sidecar.</summary>
    public (AttributeSchema? Schema, string? File) Attributes(ToolContext tool, ParseResult parsed) =>
        (AttributeOptions.ParseSchema(tool.Files, parsed.GetValue(_attributes)), parsed.GetValue(_attributesFile));

    /// <summary>Adds all of them.</summary>
    public void AddTo(Command command)
    {
        command.Add(_output);
        _shape.AddTo(command);
        foreach (Option option in (Option[])[_threads, _attributes, _attributesFile, _zeroRows, _queries, _minRecall])
            command.Options.Add(option);
    }

    /// <summary>What was given.</summary>
    /// <param name="tool">Where the declaration of attributes may be.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="input">The file of vectors.</param>
    /// <param name="metric">How nearness is measured.</param>
    /// <param name="shape">m and ef-construction of the input, where they count.</param>
    /// <exception cref="AnnException">InvalidArgument: the declaration of attributes.</exception>
    public BuildRequest Read(ToolContext tool, ParseResult parsed, string input, Metric metric, (int M, int EfConstruction) shape = default)
    {
        return new BuildRequest
        {
            Input = input,
            Output = parsed.GetRequiredValue(_output),
            Attributes = new AttributeRequest(
                AttributeOptions.ParseSchema(tool.Files, parsed.GetValue(_attributes)), parsed.GetValue(_attributesFile)),
            Options = _shape.Options(parsed, metric, input, shape) with { Threads = parsed.GetValue(_threads) },
            SkipsZeroRows = parsed.GetValue(_zeroRows) == "skip",
            Floor = parsed.GetValue(_minRecall) is { } least ? new RecallFloor(least) : null,
            Queries = parsed.GetValue(_queries),
        };
    }
}
