using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Ann.Tool;

/// <summary>A command whose help ends with examples.</summary>
/// <param name="name">What is typed.</param>
/// <param name="description">One or two sentences.</param>
/// <param name="examples">Command lines that work as they stand, given the files.</param>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Command lines that work as they stand, given the files.</summary>
    public IReadOnlyList<string> Examples => examples;
}

/// <summary>The standard help, then the examples of a <see cref="Verb"/>.</summary>
internal sealed class ExampleHelp : SynchronousCommandLineAction
{
    private readonly HelpAction _standard = new();

    /// <summary>Who asks for help has not finished typing.</summary>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int code = _standard.Invoke(parseResult);
        if (parseResult.CommandResult.Command is Verb verb)
        {
            TextWriter text = parseResult.InvocationConfiguration.Output;
            text.WriteLine("Examples:");
            foreach (string example in verb.Examples)
                text.WriteLine("  " + example);
            text.WriteLine();
        }
        return code;
    }
}
