using System.CommandLine;
using System.CommandLine.Parsing;
using Ann.Server.Settings;

namespace Ann.Tool;

/// <summary>What is wrong with a command line, in a sentence.</summary>
internal static class CommandLineFaults
{
    /// <summary>The fault, with what may have been meant; null when the line can be run.</summary>
    public static string? Of(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        bool asksForHelp = parsed.Action is ExampleHelp;
        if (parsed.Tokens is [{ Type: TokenType.Directive } first, ..] && first.Value.StartsWith("[suggest", StringComparison.Ordinal))
            return null; // A shell asks how a line may go on.
        // Who asks for the help of a verb has not finished typing its options; but of an unknown verb there is none.
        if (asksForHelp && command.Subcommands.Count == 0)
            return null;
        string? unmatched = parsed.UnmatchedTokens is [string word, ..] ? word : null;
        if ((OptionAmongArguments(parsed) ?? unmatched) is string unknown)
            return $"'{unknown}' is not known.{NearestName.Question(unknown.Split('=')[0], Known(command, unknown))}";
        return asksForHelp || parsed.Errors.Count == 0
            ? null
            : string.Join(" ", parsed.Errors.Select(static error => error.Message).Distinct());
    }

    /// <summary>What looks like an option and was taken for an argument, such as a file. After <c>--</c> all are arguments.</summary>
    private static string? OptionAmongArguments(ParseResult parsed)
    {
        HashSet<string> before = [.. parsed.Tokens.TakeWhile(static token => token.Type != TokenType.DoubleDash)
            .Where(static token => token.Type == TokenType.Argument).Select(static token => token.Value)];
        return parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(static argument => argument.Tokens)
            .Select(static token => token.Value)
            .FirstOrDefault(text => text.Length > 1 && text[0] == '-' && before.Contains(text));
    }

    private static IEnumerable<string> Known(Command command, string unknown)
    {
        if (!unknown.StartsWith('-'))
            return command.Subcommands.SelectMany(static one => one.Aliases.Prepend(one.Name));
        IEnumerable<Option> inherited = command.Parents.OfType<Command>().SelectMany(static parent => parent.Options)
            .Where(static option => option.Recursive);
        return command.Options.Concat(inherited).SelectMany(static option => option.Aliases.Prepend(option.Name));
    }
}
