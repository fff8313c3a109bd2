namespace Ann.Server;

/// <summary>Who may call what belongs to no index: health, metrics, reflection.</summary>
public enum AccessLevel
{
    /// <summary>Everybody who reaches the port, with or without a credential.</summary>
    Anyone,

    /// <summary>Who has shown a credential that is good, whatever it allows.</summary>
    Authenticated,

    /// <summary>Who has the role admin on every index.</summary>
    Admin,
}
