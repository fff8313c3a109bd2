using System.CommandLine;
using System.Globalization;
using Ann.Core;
using Ann.Server.Access;
using Ann.Tool.ApiKeys;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann keys</c>: the file of API keys that a server is given by <c>--api-keys</c>.</summary>
internal static class KeysVerb
{
    /// <summary>The command with its own ones.</summary>
    public static Command Create(ToolContext tool) => new Verb("keys",
        "Make and end API keys. They are kept in a file, as salted hashes; a server reads it again within seconds of a change.",
        "ann keys create --api-keys keys.json --name ranking --grant \"read:shop*\" --expires 90d",
        "ann keys list --api-keys keys.json --json",
        "ann keys rotate --api-keys keys.json --id 0123456789abcdef --grace 24h",
        "ann keys revoke --api-keys keys.json --id 0123456789abcdef")
    {
        CreateKey(tool),
        List(tool),
        Rotate(tool),
        Expire(tool),
        Revoke(tool),
    };

    private static Verb CreateKey(ToolContext tool)
    {
        Option<string> file = FileOption();
        Option<string> name = VerbOptions.Required(
            "--name", "NAME", "Who will have it, as records and messages name it. Letters, digits, '.', '_', '-', '@'.");
        Option<string[]> grants = new("--grant")
        {
            Description = "What it allows: read, write or admin of an index, in whose name * stands for anything. May be repeated.",
            HelpName = "ROLE:INDEX",
            Required = true,
        };
        Option<string> expires = VerbOptions.Required("--expires", KeyTime.EndForm, "When it ends.");
        expires.Required = false;
        expires.DefaultValueFactory = static _ => "never";
        Option<bool> json = VerbOptions.Json();
        Verb command = new("create",
            "Make a key, and show it this once: it goes to standard output alone, the rest to standard error.",
            "ann keys create --api-keys keys.json --name ranking --grant \"read:shop*\" --expires 90d",
            "ann keys create --api-keys keys.json --name ingest --grant write:shop --grant read:catalogue --json")
        {
            file, name, grants, expires, json,
        };
        command.SetAction(parsed =>
        {
            string[] allowed = parsed.GetRequiredValue(grants);
            foreach (string grant in allowed)
            {
                if (!Grant.TryParse(grant, out _))
                    throw AnnException.Invalid("--grant", $"--grant is '{grant}'; expected {Grant.Form}.");
            }
            DateTimeOffset? end = KeyTime.End("--expires", parsed.GetRequiredValue(expires), tool.Time.GetUtcNow());
            return Show(tool, parsed.GetValue(json), KeyFileChange.Create(
                tool, parsed.GetRequiredValue(file), parsed.GetRequiredValue(name), allowed, end));
        });
        return command;
    }

    private static Verb List(ToolContext tool)
    {
        Option<string> file = FileOption();
        Option<bool> json = VerbOptions.Json();
        Verb command = new(
            "list", "Tell the keys of a file: what each allows, and whether it is good.", "ann keys list --api-keys keys.json")
        {
            file, json,
        };
        command.SetAction(parsed =>
        {
            DateTimeOffset now = tool.Time.GetUtcNow();
            ApiKeyFile keys = ApiKeyFile.Read(tool.Files, parsed.GetRequiredValue(file));
            KeysReport report = new([.. keys.Keys.Select(key => KeyFileChange.ReportOf(key, now))]);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.KeysReport);
            else
                Print(tool.Out, report);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Verb Rotate(ToolContext tool)
    {
        Option<string> file = FileOption();
        Option<string> id = IdOption();
        Option<string> grace = VerbOptions.Required("--grace", "TIME", "How long the key as it was stays good: 30min, 24h, 7d; 0 for not.");
        grace.Required = false;
        grace.DefaultValueFactory = static _ => "24h";
        Option<bool> json = VerbOptions.Json();
        Verb command = new("rotate",
            "Give a key another secret, and show it this once. Name, grants and end stay; the key as it was is good for a while.",
            "ann keys rotate --api-keys keys.json --id 0123456789abcdef --grace 24h")
        {
            file, id, grace, json,
        };
        command.SetAction(parsed => Show(tool, parsed.GetValue(json), KeyFileChange.Rotate(
            tool, parsed.GetRequiredValue(file), parsed.GetRequiredValue(id),
            KeyTime.Length("--grace", parsed.GetRequiredValue(grace)))));
        return command;
    }

    private static Verb Expire(ToolContext tool)
    {
        Option<string> file = FileOption();
        Option<string> id = IdOption();
        Option<string> at = VerbOptions.Required("--at", KeyTime.EndForm, "When it ends.");
        Option<bool> json = VerbOptions.Json();
        Verb command = new("expire", "Give a key another end.", "ann keys expire --api-keys keys.json --id 0123456789abcdef --at 30d")
        {
            file, id, at, json,
        };
        command.SetAction(parsed => Show(tool, parsed.GetValue(json), KeyFileChange.Expire(
            tool, parsed.GetRequiredValue(file), parsed.GetRequiredValue(id),
            KeyTime.End("--at", parsed.GetRequiredValue(at), tool.Time.GetUtcNow()))));
        return command;
    }

    private static Verb Revoke(ToolContext tool)
    {
        Option<string> file = FileOption();
        Option<string> id = IdOption();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("revoke", "Refuse a key from now on, for good.", "ann keys revoke --api-keys keys.json --id 0123456789abcdef")
        {
            file, id, json,
        };
        command.SetAction(parsed => Show(tool, parsed.GetValue(json), KeyFileChange.Revoke(
            tool, parsed.GetRequiredValue(file), parsed.GetRequiredValue(id))));
        return command;
    }

    private static Option<string> FileOption() => VerbOptions.Required("--api-keys", "FILE", "The file of keys.");

    private static Option<string> IdOption() => VerbOptions.Required("--id", "ID", "The key: its 16 hex digits.");

    /// <summary>A key that was just made stands alone on standard output, so that a script can take it.</summary>
    private static int Show(ToolContext tool, bool json, KeyReport report)
    {
        if (json)
        {
            ToolJson.Write(tool, report, ToolJson.Default.KeyReport);
            return ExitCodes.Done;
        }
        tool.Notice(TextOf(report));
        if (report.Key is not null)
        {
            tool.Notice("It is shown this once, and kept nowhere:");
            tool.Out.WriteLine(report.Key);
        }
        return ExitCodes.Done;
    }

    private static void Print(TextWriter text, KeysReport report)
    {
        if (report.Keys.Count == 0)
            text.WriteLine("no key");
        foreach (KeyReport key in report.Keys)
            text.WriteLine(TextOf(key));
    }

    private static string TextOf(KeyReport key) => string.Create(CultureInfo.InvariantCulture, $"key {key.Id} ({key.Name}): {key.State}, ")
        + string.Join(" ", key.Grants)
        + Date(", since", key.Rotated)
        + (key.Revoked is { } revoked ? Date(", revoked", revoked) : key.Expires is { } end ? Date(", until", end) : ", without an end")
        + (key.PreviousUntil is { } until ? Date("; as it was before, until", until) : "");

    private static string Date(string word, DateTimeOffset date) => string.Create(CultureInfo.InvariantCulture, $"{word} {date:u}");
}
