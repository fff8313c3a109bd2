using System.CommandLine;
using Ann.Core;
using Ann.Core.Segments;

namespace Ann.Tool;

/// <summary>The options that say what the graph of an index file is, the same for every verb that builds one.</summary>
internal sealed class BuildShape
{
    private readonly Option<string> _codes = VerbOptions.Choice(
        "--codes", "What the graph walk reads. int8 and int4 are reranked exactly; int4 goes with the compact layout, and asks for it.",
        EnumNames<CodesKind>.Plain, CodesTraits.Standard);

    private readonly Option<string> _layout = VerbOptions.Layout();

    private readonly Option<int> _m = VerbOptions.Number("--m", "Neighbours a node on upper levels; twice as many on level 0.", 16, 2, 128);

    private readonly Option<int> _efConstruction = VerbOptions.Number(
        "--ef-construction", "Beam width while inserting; at least m.", 200, 2, 4096);

    private readonly Option<int> _seed = VerbOptions.Number("--seed", "Seed of the graph; one seed, one file.", 1, 0, int.MaxValue);

    private readonly Option<string?> _name = VerbOptions.Optional("--name", "NAME", "Index name to note in the file. Default: none.");

    /// <param name="isOfInput">True where m and ef-construction are those of the input, unless they are given.</param>
    public BuildShape(bool isOfInput = false)
    {
        if (!isOfInput)
            return;
        foreach (Option<int> shape in (Option<int>[])[_m, _efConstruction])
        {
            shape.DefaultValueFactory = null;
            shape.Description += " Default: that of the input.";
        }
    }

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_codes, _layout, _m, _efConstruction, _seed, _name])
            command.Add(option);
    }

    /// <summary>What was asked for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="metric">How nearness is measured.</param>
    /// <param name="source">The file that the items come from.</param>
    /// <param name="shape">m and ef-construction of the input, where they count.</param>
    public SegmentBuildOptions Options(
        ParseResult parsed, Metric metric, string source, (int M, int EfConstruction) shape = default)
    {
        int m = parsed.GetResult(_m) is null ? shape.M : parsed.GetValue(_m);
        return new SegmentBuildOptions
        {
            Metric = metric,
            Codes = EnumNames<CodesKind>.Plain.Parse(parsed.GetValue(_codes)),
            Layout = EnumNames<SegmentLayout>.Plain.Parse(parsed.GetValue(_layout)),
            M = m,
            EfConstruction = parsed.GetResult(_efConstruction) is null
                ? Math.Max(m, shape.EfConstruction) : parsed.GetValue(_efConstruction),
            Seed = (ulong)parsed.GetValue(_seed),
            Name = parsed.GetValue(_name) ?? "",
            Source = Path.GetFileName(source),
        };
    }
}
