namespace Ann.Bench.Workers;

/// <summary>An engine under measurement. Searching must be safe on several threads and allocate only what the engine itself does.</summary>
internal interface ISearchTarget : IDisposable
{
    /// <summary>Queries answered by one call.</summary>
    int Batch { get; }

    /// <summary>Queries of the set that are used.</summary>
    int Queries { get; }

    /// <summary>Sets the beam width of the searches to come.</summary>
    void SetEf(int ef);

    /// <summary>Makes what a thread needs for itself, before its clock runs.</summary>
    void BeginThread();

    /// <summary>Answers queries from <paramref name="first"/> on, at most <see cref="Batch"/> of them.</summary>
    /// <param name="first">The first query.</param>
    /// <param name="count">How many.</param>
    /// <param name="answers">k rows a query, nearest first, −1 where there are fewer.</param>
    /// <returns>Distances computed for all of them; negative when the engine does not tell.</returns>
    long Search(int first, int count, Span<int> answers);
}
