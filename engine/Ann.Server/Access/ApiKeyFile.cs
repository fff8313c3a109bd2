using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ann.Core;
using Ann.Core.Files;
using Ann.Server.Reloading;

namespace Ann.Server.Access;

/// <summary>The file of API keys: what each may do, and salted hashes of their secrets.</summary>
/// <param name="Version">1.</param>
/// <param name="Keys">In the order in which they were made.</param>
internal sealed record ApiKeyFile(int Version, IReadOnlyList<ApiKey> Keys) : IVersioned
{
    /// <summary>What is written.</summary>
    public const int CurrentVersion = 1;

    private const string Section = "keys";

    /// <summary>A file without keys.</summary>
    public static ApiKeyFile Empty { get; } = new(CurrentVersion, []);

    /// <summary>Reads a file.</summary>
    /// <exception cref="AnnException">It cannot be read, or holds something else; names file, key and what was expected.</exception>
    public static ApiKeyFile Read(IFileSystem files, string path) =>
        Parse(path, WholeFile.Read(files, path, Section, WatchedFiles.MostBytes));

    /// <summary>Reads the content of a file.</summary>
    /// <inheritdoc cref="Read"/>
    public static ApiKeyFile Parse(string path, byte[] content)
    {
        ApiKeyFile file = VersionedJson.Read(path, content, ApiKeyFileJson.Default.ApiKeyFile, CurrentVersion, "API keys");
        if (file.Keys.Contains(null!))
            throw AnnException.BadInput(path, "", "it has a key that is null.");
        HashSet<string> ids = [];
        foreach (ApiKey key in file.Keys)
        {
            if (key.Fault() is string fault)
                throw AnnException.BadInput(path, $"key '{key.Id}'", fault);
            if (!ids.Add(key.Id))
                throw AnnException.BadInput(path, $"key '{key.Id}'", "there are two of that id.");
        }
        return file;
    }

    /// <summary>Writes a file, whole or not at all.</summary>
    public void Write(IFileSystem files, string path)
    {
        using AtomicFile file = new(files, path);
        JsonSerializer.Serialize(file.Stream, this, ApiKeyFileJson.Default.ApiKeyFile);
        file.Stream.Write("\n"u8);
        file.Commit();
    }
}

/// <summary>An API key as the file has it.</summary>
internal sealed record ApiKey
{
    /// <summary>Longest name, in characters.</summary>
    public const int MaxName = 64;

    /// <summary>16 hex digits, a part of the key itself.</summary>
    public required string Id { get; init; }

    /// <summary>Who has it, for people: in records and messages. Letters, digits, <c>.</c>, <c>_</c>, <c>-</c>, <c>@</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What it allows, each as <c>read:shop*</c>.</summary>
    public required IReadOnlyList<string> Grants { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>From when on it is refused; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>When it was revoked; null for not.</summary>
    public DateTimeOffset? Revoked { get; init; }

    /// <summary>The newest last. Those before it are good until their own end, after a rotation.</summary>
    public required IReadOnlyList<ApiKeySecret> Secrets { get; init; }

    /// <summary>True for what can be a key's name.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= MaxName
        && name.All(static one => char.IsAsciiLetterOrDigit(one) || one is '.' or '_' or '-' or '@');

    /// <summary>Another secret, which is shown once.</summary>
    /// <param name="id">Of the key.</param>
    /// <param name="now">The time.</param>
    public static (string Text, ApiKeySecret Kept) NewSecret(ulong id, DateTimeOffset now)
    {
        byte[] secret = RandomNumberGenerator.GetBytes(ApiKeyText.SecretBytes);
        byte[] salt = RandomNumberGenerator.GetBytes(ApiKeyText.SaltBytes);
        byte[] hash = new byte[ApiKeyText.HashBytes];
        ApiKeyText.Hash(salt, secret, hash);
        return (ApiKeyText.Of(id, secret), new ApiKeySecret { Salt = salt, Hash = hash, Created = now });
    }

    /// <summary>What is wrong with it; null for nothing.</summary>
    public string? Fault()
    {
        if (!ApiKeyText.TryReadId(Id, out ulong id) || ApiKeyText.OfId(id) != Id)
            return "its id must be 16 hex digits, in small letters.";
        if (!IsName(Name))
            return $"its name must be 1 to {MaxName} letters, digits, '.', '_', '-', '@'.";
        if (Access.Grants.FaultOf(Grants) is string grant)
            return grant;
        if (Secrets.Count == 0 || Secrets.Any(static one =>
            one is null || one.Salt.Length < ApiKeyText.SaltBytes || one.Hash.Length != ApiKeyText.HashBytes))
        {
            return $"its secrets must have a salt of at least {ApiKeyText.SaltBytes} bytes and a hash of {ApiKeyText.HashBytes}.";
        }
        return null;
    }
}

/// <summary>What is kept of a secret.</summary>
internal sealed record ApiKeySecret
{
    /// <summary>Random bytes, of this secret alone.</summary>
    public required byte[] Salt { get; init; }

    /// <summary>HMAC-SHA-256 of the secret under the salt.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>From when on it is refused, since another took its place; null while it is the newest.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>The file as JSON. A member that this build does not know might narrow a key, so it is refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false, MaxDepth = 8,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ApiKeyFile))]
internal sealed partial class ApiKeyFileJson : JsonSerializerContext;
