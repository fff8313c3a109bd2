using Ann.Core;
using Ann.Server.Errors;

namespace Ann.Server.Admission;

/// <summary>
/// The memory that the reply of one call may take. What the reply will hold is reckoned before it is made, and stays charged until it was
/// written out or the call is gone: a caller that does not read its answers holds them.
/// </summary>
/// <remarks>
/// A text is there twice for a while, as a string and in the buffers of the connection; so the charge is what it takes of memory, some
/// three times of what goes over the wire.
/// </remarks>
/// <param name="all">Of all calls.</param>
/// <param name="most">Bytes that one reply may take.</param>
internal sealed class ReplyRoom(ByteBudget all, long most) : IDisposable
{
    /// <summary>Charged at once: the budget of all calls is touched seldom.</summary>
    private const long Step = 16 << 10;

    /// <summary>What one answer of several takes beside its columns: its objects and lists, while they are empty.</summary>
    public const int AnswerBytes = 1 << 10;

    /// <summary>What a column of attributes takes beside its values.</summary>
    public const int ColumnBytes = 1 << 10;

    /// <summary>A string's header and its place in a list.</summary>
    private const int TextOverhead = 40;

    /// <summary>The objects of a payload, and its place in a list.</summary>
    private const int BytesOverhead = 80;

    /// <summary>A number as it lies in a list, and on the wire.</summary>
    private const int NumberBytes = 2 * sizeof(long);

    /// <summary>A reply that takes no more finds room even where large ones, which nobody reads, took all that they may.</summary>
    private const long SmallBytes = 64 << 10;

    /// <summary>Share of the budget that is kept for small replies.</summary>
    private const long ReservedPart = 4;

    private long _reckoned;
    private long _charged;
    private int _isGone;

    /// <summary>What a text takes, of so many bytes of UTF-8.</summary>
    public static long OfText(long bytes) => 3 * bytes + TextOverhead;

    /// <summary>What a payload takes, of so many bytes: as an object of its own, and once more in the buffers of the connection.</summary>
    public static long OfBytes(long bytes) => 2 * bytes + BytesOverhead;

    /// <summary>What so many numbers take.</summary>
    public static long OfNumbers(long count) => count * NumberBytes;

    /// <summary>What so many vectors take: as bytes, and once more in the buffers of the connection.</summary>
    public static long OfVectors(long count, int dimension) => 2 * count * dimension * sizeof(float);

    /// <summary>Bytes that the reply takes.</summary>
    public long Reckoned => _reckoned;

    /// <summary>Reckons with more, before it is made.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: there is no such room; tells the sum.</exception>
    public void Take(long bytes)
    {
        _reckoned += bytes;
        if (_reckoned <= _charged)
            return;
        if (_reckoned > most)
        {
            throw TooMuch(
                $"The reply takes {_reckoned} bytes of memory and more; MaxReplyBytes lets one take {most}. "
                + "Ask for fewer results, rows, attributes or payloads.", StatusDetails.TooLarge);
        }
        long more = (_reckoned - _charged + Step - 1) / Step * Step;
        if (!all.TryTake(more, _reckoned <= SmallBytes ? 0 : all.Limit / ReservedPart))
        {
            throw TooMuch(
                $"The reply takes {_reckoned} bytes of memory; replies under way hold {all.Used - _charged} of the {all.Limit} that "
                + "ReplyBudgetBytes allows.", "memory");
        }
        _charged += more;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isGone, 1) == 0)
            all.Release(_charged);
    }

    private static AnnException TooMuch(string message, string field) => new(AnnError.Overloaded, message) { Field = field };
}
