using System.Text;
using System.Text.RegularExpressions;

namespace Ann.Tests.House;

/// <summary>
/// Reads shell scripts as documents have them, as far as is needed to find the commands in them: words, quotes, comments, pipes, lists,
/// substitutions, here-documents. What a variable or a substitution gives stays as it is written.
/// </summary>
internal sealed partial class ShellCommands
{
    private readonly string _text;
    private readonly List<string[]> _commands = [];
    private readonly List<string> _words = [];
    private int _at;

    private ShellCommands(string text) => _text = text;

    /// <summary>The commands of a script, each as its words; those of substitutions before the ones that they are in.</summary>
    public static IReadOnlyList<string[]> In(string script)
    {
        ShellCommands shell = new(HereDocument().Replace(script, "$1\n"));
        shell.Read('\0');
        return shell._commands;
    }

    /// <summary>The shell blocks of a document.</summary>
    public static IEnumerable<string> BlocksOf(string markdown) =>
        Block().Matches(markdown).Select(static match => match.Groups[1].Value);

    /// <summary>The arguments of the commands that run a program, whatever stands before its name: variables, a bound processor.</summary>
    /// <param name="script">The script.</param>
    /// <param name="names">Words that run it, such as <c>ann</c>; of several words the arguments follow the last.</param>
    public static IEnumerable<string[]> Of(string script, params string[][] names)
    {
        foreach (string[] command in In(script))
        {
            string[] words = [.. command.SkipWhile(static word => Assignment().IsMatch(word) || word is "exec" or "time" or "sudo")];
            if (words is ["taskset", "-c", _, .. string[] bound])
                words = bound;
            if (words is ["sh", "-c", string inner])
            {
                foreach (string[] found in Of(inner, names))
                    yield return found;
            }
            foreach (string[] name in names.Where(name => words.Length >= name.Length && words.AsSpan(0, name.Length).SequenceEqual(name)))
                yield return words[name.Length..];
        }
    }

    private void Read(char end)
    {
        while (_at < _text.Length && _text[_at] != end)
        {
            char c = _text[_at];
            if (c == '\\' && _at + 1 < _text.Length && _text[_at + 1] == '\n')
                _at += 2;
            else if (c is ' ' or '\t')
                _at++;
            else if (c == '#')
                _at = _text.IndexOf('\n', _at) is int line and >= 0 ? line : _text.Length;
            else if (c is '\n' or ';' or '|' or '&' or '(' or ')')
                Finish();
            else if (c is '>' or '<')
                SkipRedirection();
            else
                _words.Add(Word(end));
        }
        Finish();
    }

    /// <summary>Ends a command, and passes over what ended it.</summary>
    private void Finish()
    {
        if (_words.Count > 0)
            _commands.Add([.. _words]);
        _words.Clear();
        _at++;
    }

    private void SkipRedirection()
    {
        while (_at < _text.Length && _text[_at] is '>' or '<' or '&' or ' ')
            _at++;
        Word('\0');
    }

    private string Word(char end)
    {
        StringBuilder word = new();
        while (_at < _text.Length && _text[_at] != end && !" \t\n;|&<>()".Contains(_text[_at], StringComparison.Ordinal))
        {
            char c = _text[_at++];
            if (c == '\'')
            {
                int close = _text.IndexOf('\'', _at);
                word.Append(_text, _at, close - _at);
                _at = close + 1;
            }
            else if (c == '"')
            {
                while (_text[_at] != '"')
                    Plain(_text[_at++], word);
                _at++;
            }
            else
            {
                Plain(c, word);
            }
        }
        return word.ToString();
    }

    private void Plain(char c, StringBuilder word)
    {
        if (c == '\\' && _at < _text.Length)
            word.Append(_text[_at++]);
        else if (c == '$' && _at < _text.Length && _text[_at] == '(')
            word.Append(Substitution());
        else
            word.Append(c);
    }

    private string Substitution()
    {
        ShellCommands inner = new(_text) { _at = _at + 1 };
        inner.Read(')');
        _commands.AddRange(inner._commands);
        string text = "$" + _text[_at..inner._at];
        _at = inner._at;
        return text;
    }

    [GeneratedRegex(@"^(.*)<<'?(\w+)'?\n[\s\S]*?\n\2$", RegexOptions.Multiline)]
    private static partial Regex HereDocument();

    [GeneratedRegex("^```sh\n([\\s\\S]*?)^```", RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^\w+=")]
    private static partial Regex Assignment();
}
