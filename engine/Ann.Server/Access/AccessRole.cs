namespace Ann.Server.Access;

/// <summary>What may be done with an index. Each role has what the ones before it have.</summary>
internal enum AccessRole
{
    /// <summary>Search it, fetch its items, see what it is.</summary>
    Read = 1,

    /// <summary>Write and delete its items and sets too.</summary>
    Write,

    /// <summary>Create, drop, attach, promote, roll back, compact, copy it too.</summary>
    Admin,
}
