namespace Ann.Tool.Reports;

/// <summary>An API key, without its secret but for the one time that it is shown.</summary>
internal sealed record KeyReport
{
    /// <summary>16 hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>Who has it.</summary>
    public required string Name { get; init; }

    /// <summary><c>good</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public required string State { get; init; }

    /// <summary>Each as <c>read:shop*</c>.</summary>
    public required IReadOnlyList<string> Grants { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When its newest secret was made.</summary>
    public required DateTimeOffset Rotated { get; init; }

    /// <summary>From when on it is refused; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>When it was revoked; null for not.</summary>
    public DateTimeOffset? Revoked { get; init; }

    /// <summary>Until when the secret before the newest is good too; null where it is not.</summary>
    public DateTimeOffset? PreviousUntil { get; init; }

    /// <summary>The key itself, where it was just made; null otherwise.</summary>
    public string? Key { get; init; }
}

/// <summary>What <c>ann keys list --json</c> says.</summary>
/// <param name="Keys">In the order in which they were made.</param>
internal sealed record KeysReport(IReadOnlyList<KeyReport> Keys);
