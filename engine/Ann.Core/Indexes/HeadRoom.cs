using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>
/// Makes the heads of a generation, and takes their memory of the budget: that of a head when it is made, that of payloads before the
/// write that brings them is logged. Used by the index's writer.
/// </summary>
internal sealed class HeadRoom(IndexHome home)
{
    private HeadSegment? _next;
    private long _payloadBytes;

    /// <summary>
    /// True when there was no memory for payloads, and a head is there to go on with: the one that is full of them is to become a file.
    /// </summary>
    public bool LacksMemory { get; private set; }

    /// <summary>Makes a head.</summary>
    /// <param name="before">Rows of the head before it; 0 for none.</param>
    /// <param name="forced">True for one that is needed, whether the budget has room for it or not.</param>
    /// <param name="rows">Rows that it has room for at least.</param>
    /// <exception cref="AnnException">Overloaded: no memory, and it is not forced.</exception>
    public HeadSegment Make(int before, bool forced, int rows = 1)
    {
        HeadShape shape = home.HeadShapeAfter(before, rows);
        long bytes = HeadSegment.BytesOf(shape);
        if (forced)
            home.Budget.TakeAnyway(bytes);
        else
            home.Budget.Take(bytes, $"a head of {shape.Capacity} rows of index '{home.Name}'");
        HeadSegment head = new(shape);
        head.Freed = () => home.Budget.Return(bytes + head.PayloadBytes);
        return head;
    }

    /// <summary>Makes the head that <see cref="TakeNext"/> will give, unless it is there.</summary>
    /// <exception cref="AnnException">Overloaded: no memory.</exception>
    public void MakeNext(int before, int rows)
    {
        if (_next is not null && _next.Capacity < rows)
        {
            _next.Release(); // made for fewer
            _next = null;
        }
        _next ??= Make(before, forced: false, rows);
    }

    /// <summary>The next head: the one that was made for it, or one past the budget.</summary>
    public HeadSegment TakeNext(int before, int rows)
    {
        HeadSegment next = _next ?? Make(before, forced: true, rows);
        _next = null;
        LacksMemory = false;
        return next;
    }

    /// <summary>Takes memory for the payloads of the writes to come, all in all.</summary>
    /// <param name="bytes">For how much there has to be memory.</param>
    /// <param name="before">Rows of the present head.</param>
    /// <exception cref="AnnException">Overloaded: no memory.</exception>
    public void TakeForPayloads(long bytes, int before)
    {
        if (bytes <= _payloadBytes)
            return;
        if (!home.Budget.TryTake(bytes - _payloadBytes))
        {
            LacksMemory = CanMakeNext(before);
            throw home.Budget.Full("memory budget", bytes - _payloadBytes, $"payloads of index '{home.Name}'");
        }
        _payloadBytes = bytes;
    }

    /// <summary>
    /// A payload goes into a head. What no room was taken for is taken past the limit: that of what is replayed from the log, or had to be
    /// copied because a head was full.
    /// </summary>
    public void Use(long bytes)
    {
        long taken = Math.Min(bytes, _payloadBytes);
        _payloadBytes -= taken;
        home.Budget.TakeAnyway(bytes - taken);
    }

    /// <summary>Gives back what was taken for payloads that did not come.</summary>
    public void Return()
    {
        home.Budget.Return(_payloadBytes);
        _payloadBytes = 0;
    }

    /// <summary>Gives back all that is in no head.</summary>
    public void Close()
    {
        _next?.Release();
        _next = null;
        Return();
    }

    private bool CanMakeNext(int before)
    {
        try
        {
            MakeNext(before, rows: 1);
            return true;
        }
        catch (AnnException e) when (e.Error == AnnError.Overloaded)
        {
            return false;
        }
    }
}
