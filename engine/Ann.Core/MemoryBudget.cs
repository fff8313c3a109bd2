using System.Globalization;

namespace Ann.Core;

/// <summary>
/// Bytes that indexes may hold in memory together. What would pass it is refused before it is allocated. Mapped files are not counted:
/// the system takes their pages back when it needs them.
/// </summary>
/// <param name="limit">Bytes; <see cref="long.MaxValue"/> for no limit.</param>
internal sealed class MemoryBudget(long limit)
{
    private long _used;

    /// <summary>Bytes that may be held.</summary>
    public long Limit { get; } = limit;

    /// <summary>Bytes held now.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Without limit.</summary>
    public static MemoryBudget Unlimited() => new(long.MaxValue);

    /// <summary>Takes bytes, or says why not.</summary>
    /// <param name="bytes">0 or more.</param>
    /// <param name="what">What they are for, as in "a head of index 'shop'".</param>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: the arithmetic.</exception>
    public void Take(long bytes, string what)
    {
        if (!TryTake(bytes))
            throw Full("memory budget", bytes, what);
    }

    /// <summary>Why bytes were not taken.</summary>
    /// <param name="name">What the budget is called.</param>
    /// <param name="bytes">Wanted.</param>
    /// <param name="what">What they are for.</param>
    public AnnException Full(string name, long bytes, string what) => new(
        AnnError.Overloaded,
        string.Create(
            CultureInfo.InvariantCulture,
            $"The {name} is full: {what} needs {bytes:N0} bytes; {Used:N0} of {Limit:N0} are in use, "
                + $"{Math.Max(0, Limit - Used):N0} are left."))
    {
        Field = "memory",
    };

    /// <summary>Takes bytes if they are there.</summary>
    public bool TryTake(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        while (true)
        {
            long used = Volatile.Read(ref _used);
            if (bytes > Limit - used)
                return false;
            if (Interlocked.CompareExchange(ref _used, used + bytes, used) == used)
                return true;
        }
    }

    /// <summary>Takes bytes that are needed to finish what was begun, past the limit if it must be. What comes next is refused.</summary>
    public void TakeAnyway(long bytes) => Interlocked.Add(ref _used, bytes);

    /// <summary>Gives bytes back.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _used, -bytes);
}
