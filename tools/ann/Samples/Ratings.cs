namespace Ann.Tool.Samples;

/// <summary>Somebody took something.</summary>
/// <param name="User">Number of the user, from 0 in the order of their first ratings.</param>
/// <param name="Item">Number of the item, likewise.</param>
/// <param name="Time">When, in the file's unit; the line where the file has no times.</param>
internal readonly record struct RatingEvent(int User, int Item, double Time);

/// <summary>Who took what, each pair once: a later rating takes the place of an earlier one.</summary>
/// <param name="Users">Keys of the users, by number.</param>
/// <param name="Items">Keys of the items, by number.</param>
/// <param name="Events">By user, then time, then place in the file.</param>
internal sealed record Ratings(IReadOnlyList<string> Users, IReadOnlyList<string> Items, IReadOnlyList<RatingEvent> Events)
{
    /// <summary>Lines that were read.</summary>
    public required long Lines { get; init; }

    /// <summary>Lines that were left out, since their rating is below the least.</summary>
    public required long Below { get; init; }

    /// <summary>True where the file says when; else the order of its lines stands for it.</summary>
    public required bool HasTimes { get; init; }
}
