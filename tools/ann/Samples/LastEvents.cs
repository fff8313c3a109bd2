namespace Ann.Tool.Samples;

/// <summary>
/// Ratings with the last event of each user held out, by time. Users with one event keep it. Items that nobody else took before are not
/// trained and have no number here.
/// </summary>
internal sealed class LastEvents
{
    /// <param name="ratings">All events.</param>
    public LastEvents(Ratings ratings)
    {
        Users = ratings.Users;
        List<RatingEvent> training = [];
        List<RatingEvent> held = [];
        for (int i = 0; i < ratings.Events.Count; i++)
        {
            RatingEvent one = ratings.Events[i];
            bool isFirst = i == 0 || ratings.Events[i - 1].User != one.User;
            bool isLast = i + 1 == ratings.Events.Count || ratings.Events[i + 1].User != one.User;
            (isLast && !isFirst ? held : training).Add(one);
        }
        int[] numbers = new int[ratings.Items.Count];
        Array.Fill(numbers, -1);
        List<string> items = [];
        foreach (int item in training.Select(static one => one.Item).Distinct().Order())
        {
            numbers[item] = items.Count;
            items.Add(ratings.Items[item]);
        }
        Items = items;
        HeldOut = [.. held.Select(one => (Users[one.User], ratings.Items[one.Item], one.Time))];
        Training = [.. training.Select(one => one with { Item = numbers[one.Item] })];
        ByUser = SparseRows.Of(Users.Count, Training, static one => (one.User, one.Item));
    }

    /// <summary>Keys of the users.</summary>
    public IReadOnlyList<string> Users { get; }

    /// <summary>Keys of the items of <see cref="Training"/>, by the numbers that its events have.</summary>
    public IReadOnlyList<string> Items { get; }

    /// <summary>All but the held-out events, by user, then time.</summary>
    public IReadOnlyList<RatingEvent> Training { get; }

    /// <summary>The items of each user in <see cref="Training"/>, the oldest first.</summary>
    public SparseRows ByUser { get; }

    /// <summary>The held-out events by keys, one a user at most.</summary>
    public IReadOnlyList<(string User, string Item, double Time)> HeldOut { get; }
}
