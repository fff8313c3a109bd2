using Ann.Protocol.V1;

namespace Ann.Client.Writing;

/// <summary>
/// The blocks of one writer that are not acknowledged, in their order, and what was acknowledged. One thread adds, one sends, one hears.
/// </summary>
internal sealed class BlockQueue : IDisposable
{
    private readonly long _mostBytes;
    private readonly Lock _lock = new();
    private readonly LinkedList<Block> _blocks = [];
    private readonly SemaphoreSlim _added = new(0);
    private readonly SemaphoreSlim _freed = new(0);
    private LinkedListNode<Block>? _next;
    private ulong _sequence;
    private long _bytes;
    private long _sentBytes;
    private long _credit;
    private bool _isClosed;
    private WriteProgress _ofStream = new();
    private WriteReport _ofStreamsBefore = new(0, 0, 0, 0, 0, 0, 0, 0);

    /// <param name="firstSequence">Of the first block.</param>
    /// <param name="mostBytes">Bytes of blocks that are held.</param>
    public BlockQueue(ulong firstSequence, long mostBytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(firstSequence);
        _sequence = firstSequence;
        _mostBytes = mostBytes;
        Report = _ofStreamsBefore;
    }

    /// <summary>What was acknowledged.</summary>
    public WriteReport Report { get; private set; }

    /// <summary>Numbers a block that has no number, and takes it when there is room.</summary>
    public async Task AddAsync(WriteBlock block, CancellationToken cancellation)
    {
        ulong own = block.Sequence;
        block.Sequence = ulong.MaxValue; // of fixed width, so that the size is known before the number is
        long bytes = block.CalculateSize();
        while (true)
        {
            lock (_lock)
            {
                if (_isClosed)
                    throw new InvalidOperationException("The writer is complete; nothing more can be handed over.");
                if (own != 0 && own < _sequence)
                    throw new ArgumentException($"The block has sequence {own}; at least {_sequence} was expected.", nameof(block));
                if (_blocks.Count == 0 || _bytes + bytes <= _mostBytes)
                {
                    block.Sequence = own == 0 ? _sequence : own;
                    _sequence = block.Sequence + 1;
                    _bytes += bytes;
                    LinkedListNode<Block> node = _blocks.AddLast(new Block(block, bytes));
                    _next ??= node;
                    break;
                }
            }
            await _freed.WaitAsync(cancellation).ConfigureAwait(false);
        }
        _added.Release();
    }

    /// <summary>Nothing more comes.</summary>
    public void Close()
    {
        lock (_lock)
            _isClosed = true;
        _added.Release();
    }

    /// <summary>A stream begins: what is not acknowledged is to be sent on it, from the first block on.</summary>
    public void Rewind()
    {
        lock (_lock)
        {
            _ofStreamsBefore = Report with { Streams = Report.Streams + 1 };
            Report = _ofStreamsBefore;
            _ofStream = new WriteProgress();
            _next = _blocks.First;
            _sentBytes = 0;
            _credit = 0;
        }
    }

    /// <summary>The next block, when the credit has room for it; null when nothing more comes.</summary>
    public async Task<WriteBlock?> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            lock (_lock)
            {
                if (_next is { } node && (_sentBytes == 0 ? _credit > 0 : _sentBytes + node.Value.Bytes <= _credit))
                {
                    _next = node.Next;
                    _sentBytes += node.Value.Bytes;
                    return node.Value.Message;
                }
                if (_isClosed && _next is null)
                    return null;
            }
            await _added.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Hears of what is acknowledged. True when that is more than before.</summary>
    public bool Hear(WriteProgress progress)
    {
        bool isMore;
        lock (_lock)
        {
            _credit = (long)progress.CreditBytes;
            (long blocks, long items) = (Report.Blocks, Report.Items);
            while (_blocks.First is { } first && first != _next && first.Value.Message.Sequence <= progress.Visible)
            {
                _bytes -= first.Value.Bytes;
                _sentBytes -= first.Value.Bytes;
                blocks++;
                items += first.Value.Items;
                _blocks.RemoveFirst();
            }
            isMore = blocks > Report.Blocks;
            _ofStream = progress;
            Report = new WriteReport(
                blocks, items, _ofStreamsBefore.Applied + (long)_ofStream.Applied, _ofStreamsBefore.Skipped + (long)_ofStream.Skipped,
                _ofStreamsBefore.Retried + (long)_ofStream.Retried, _ofStreamsBefore.Streams,
                Math.Max(_ofStreamsBefore.Sequence, progress.Visible), Math.Max(_ofStreamsBefore.LogPosition, progress.LogPosition));
        }
        _added.Release();
        if (isMore && _freed.CurrentCount == 0)
            _freed.Release();
        return isMore;
    }

    /// <summary>Whether everything that was handed over is acknowledged.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
                return _blocks.Count == 0;
        }
    }

    /// <summary>Whether everything is acknowledged and nothing more comes.</summary>
    public bool IsDone
    {
        get
        {
            lock (_lock)
                return _isClosed && _blocks.Count == 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _added.Dispose();
        _freed.Dispose();
    }

    private sealed record Block(WriteBlock Message, long Bytes)
    {
        public int Items => Message.Keys.Numbers.Count + Message.Keys.Texts.Count;
    }
}
