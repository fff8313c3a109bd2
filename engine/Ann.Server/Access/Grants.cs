using System.Buffers;
using System.IO.Enumeration;
using Ann.Core;

namespace Ann.Server.Access;

/// <summary>A role on the indexes whose names fit a pattern. Written <c>read:shop*</c>, <c>admin:*</c>.</summary>
/// <param name="Role">What may be done.</param>
/// <param name="Pattern">A name, in which <c>*</c> stands for any number of any characters.</param>
internal readonly record struct Grant(AccessRole Role, string Pattern)
{
    /// <summary>Longest pattern, in characters: an index's name.</summary>
    public const int MaxPattern = 128;

    /// <summary>What a grant must look like, as the end of a sentence.</summary>
    public const string Form = "ROLE:INDEX, the role read, write or admin, the index a name in which * stands for anything, as read:shop*";

    private const string Everything = "*";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-*");

    /// <summary>True where it is of every index there is or will be.</summary>
    public bool IsOfAll => Pattern == Everything;

    /// <summary>Reads a text such as <c>read:shop*</c>.</summary>
    public static bool TryParse(string? text, out Grant grant)
    {
        grant = default;
        int colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (colon < 0 || !EnumNames<AccessRole>.Plain.TryParse(text![..colon], out AccessRole role))
            return false;
        string pattern = text[(colon + 1)..];
        if (pattern.Length is 0 or > MaxPattern || pattern.AsSpan().ContainsAnyExcept(Allowed))
            return false;
        grant = new Grant(role, pattern);
        return true;
    }

    /// <summary>True where it allows a role on an index.</summary>
    public bool Allows(AccessRole role, ReadOnlySpan<char> index) => Role >= role
        && (IsOfAll || FileSystemName.MatchesSimpleExpression(Pattern, index, ignoreCase: false));

    /// <inheritdoc/>
    public override string ToString() => $"{EnumNames<AccessRole>.Plain.Of(Role)}:{Pattern}";
}

/// <summary>All that somebody may do.</summary>
internal sealed class Grants(IEnumerable<Grant> grants)
{
    private readonly Grant[] _grants = [.. grants.Distinct()];

    /// <summary>Nothing.</summary>
    public static Grants None { get; } = new([]);

    /// <summary>Everything.</summary>
    public static Grants All { get; } = new([new Grant(AccessRole.Admin, "*")]);

    /// <summary>Each of them as it is written.</summary>
    public string[] Texts => [.. _grants.Select(static grant => grant.ToString())];

    /// <summary>What is wrong with texts that should be grants, as a sentence; null for nothing.</summary>
    public static string? FaultOf(IEnumerable<string?> texts)
    {
        foreach (string? text in texts)
        {
            if (!Grant.TryParse(text, out _))
                return $"'{text}' is no grant; expected {Grant.Form}.";
        }
        return null;
    }

    /// <summary>True where a role on an index is allowed.</summary>
    /// <param name="role">The role, or one that has it.</param>
    /// <param name="reference">Name of the index, or <c>name@generation</c>, as a request has it.</param>
    public bool Allow(AccessRole role, ReadOnlySpan<char> reference)
    {
        int at = reference.IndexOf('@');
        ReadOnlySpan<char> name = at < 0 ? reference : reference[..at];
        foreach (Grant grant in _grants)
        {
            if (grant.Allows(role, name))
                return true;
        }
        return false;
    }

    /// <summary>True where a role is allowed on any index at all.</summary>
    public bool AllowAny(AccessRole role)
    {
        foreach (Grant grant in _grants)
        {
            if (grant.Role >= role)
                return true;
        }
        return false;
    }

    /// <summary>True where a role is allowed on every index.</summary>
    public bool AllowAll(AccessRole role)
    {
        foreach (Grant grant in _grants)
        {
            if (grant.IsOfAll && grant.Role >= role)
                return true;
        }
        return false;
    }
}
