using Ann.Core;
using Ann.Server.Access;
using Ann.Tool.Reports;

namespace Ann.Tool.ApiKeys;

/// <summary>A change of the file of API keys: read, changed and written whole, while no other process changes it.</summary>
internal static class KeyFileChange
{
    /// <summary>Adds a key; makes the file when there is none.</summary>
    /// <returns>The key, with the text that is shown once.</returns>
    public static KeyReport Create(ToolContext tool, string path, string name, IReadOnlyList<string> grants, DateTimeOffset? expires)
    {
        using IDisposable held = Hold(tool, path);
        ApiKeyFile file = tool.Files.FileExists(path) ? ApiKeyFile.Read(tool.Files, path) : ApiKeyFile.Empty;
        DateTimeOffset now = tool.Time.GetUtcNow();
        if (file.Keys.FirstOrDefault(one => one.Name == name && one.Revoked is null && !(now >= one.Expires)) is { } other)
            throw new AnnException(AnnError.AlreadyExists, $"{path}: key {other.Id} is called '{name}' too; rotate or revoke it first.");
        ulong id = BitConverter.ToUInt64(System.Security.Cryptography.RandomNumberGenerator.GetBytes(sizeof(ulong)));
        (string text, ApiKeySecret secret) = ApiKey.NewSecret(id, now);
        ApiKey key = new()
        {
            Id = ApiKeyText.OfId(id),
            Name = name,
            Grants = grants,
            Created = now,
            Expires = expires,
            Secrets = [secret],
        };
        if (key.Fault() is string fault)
            throw AnnException.Invalid("--name", fault);
        (file with { Keys = [.. file.Keys, key] }).Write(tool.Files, path);
        return ReportOf(key, now) with { Key = text };
    }

    /// <summary>Gives a key another secret; the one before it is good for a while.</summary>
    public static KeyReport Rotate(ToolContext tool, string path, string id, TimeSpan grace)
    {
        string? text = null;
        KeyReport report = Change(tool, path, id, (key, now) =>
        {
            RequireLiving(path, key);
            ApiKeyText.TryReadId(key.Id, out ulong number);
            (text, ApiKeySecret secret) = ApiKey.NewSecret(number, now);
            DateTimeOffset until = now + grace;
            return key with
            {
                Secrets =
                [
                    .. key.Secrets.Select(one => one with { Until = one.Until < until ? one.Until : until }).Where(one => one.Until > now),
                    secret,
                ],
            };
        });
        return report with { Key = text };
    }

    /// <summary>Refuses a key from now on, for good.</summary>
    public static KeyReport Revoke(ToolContext tool, string path, string id) =>
        Change(tool, path, id, static (key, now) => key with { Revoked = key.Revoked ?? now });

    /// <summary>Gives a key another end.</summary>
    public static KeyReport Expire(ToolContext tool, string path, string id, DateTimeOffset? expires) => Change(tool, path, id, (key, _) =>
    {
        RequireLiving(path, key);
        return key with { Expires = expires };
    });

    /// <summary>A key as it is told, without a secret.</summary>
    public static KeyReport ReportOf(ApiKey key, DateTimeOffset now) => new()
    {
        Id = key.Id,
        Name = key.Name,
        State = key.Revoked is not null ? "revoked" : now >= key.Expires ? "expired" : "good",
        Grants = key.Grants,
        Created = key.Created,
        Rotated = key.Secrets[^1].Created,
        Expires = key.Expires,
        Revoked = key.Revoked,
        PreviousUntil = key.Secrets.Count > 1 && key.Secrets[^2].Until > now ? key.Secrets[^2].Until : null,
    };

    private static KeyReport Change(ToolContext tool, string path, string id, Func<ApiKey, DateTimeOffset, ApiKey> change)
    {
        using IDisposable held = Hold(tool, path);
        ApiKeyFile file = ApiKeyFile.Read(tool.Files, path);
        ApiKey found = file.Keys.FirstOrDefault(key => key.Id == id)
            ?? throw new AnnException(AnnError.NotFound, $"{path}: no key has the id '{id}'; ann keys list tells them.");
        DateTimeOffset now = tool.Time.GetUtcNow();
        ApiKey changed = change(found, now);
        (file with { Keys = [.. file.Keys.Select(key => key == found ? changed : key)] }).Write(tool.Files, path);
        return ReportOf(changed, now);
    }

    private static void RequireLiving(string path, ApiKey key)
    {
        if (key.Revoked is not null)
            throw new AnnException(AnnError.FailedPrecondition, $"{path}: key {key.Id} was revoked, which is for good; create another.");
    }

    /// <summary>Two changes at once would lose one of them.</summary>
    private static IDisposable Hold(ToolContext tool, string path) => tool.Files.Lock(path + ".lock");
}
