namespace Ann.Tests.Files;

/// <summary>
/// The content of one simulated file: as programs see it, as it is on the device, and the writes between the two. Arrays are shared and
/// copied only when bytes that somebody may still look at would change.
/// </summary>
internal sealed class SimulatedNode
{
    private readonly List<Change> _unsynced = [];
    private byte[] _bytes;
    private int _shared; // bytes below this are never changed in place
    private byte[] _durable;
    private int _durableLength;
    private bool _flushesLie;

    public SimulatedNode()
        : this([], 0)
    {
    }

    private SimulatedNode(byte[] bytes, int length)
    {
        _bytes = _durable = bytes;
        Length = _durableLength = length;
        _shared = int.MaxValue;
    }

    /// <summary>Bytes that a program sees.</summary>
    public int Length { get; private set; }

    /// <summary>What a program sees now. Later changes do not reach it.</summary>
    public ReadOnlyMemory<byte> Content => _bytes.AsMemory(0, Length);

    public void Write(int offset, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        int end = offset + bytes.Length;
        if (end > _bytes.Length || Math.Min(offset, Length) < _shared)
        {
            byte[] copy = new byte[Math.Max(end, Math.Max(64, Length * 2))];
            _bytes.AsSpan(0, Length).CopyTo(copy);
            _bytes = copy;
        }
        _bytes.AsSpan(Math.Min(offset, Length), Math.Max(0, offset - Length)).Clear();
        bytes.CopyTo(_bytes.AsSpan(offset));
        Length = Math.Max(Length, end);
        _shared = Length;
        _unsynced.Add(new Change(_bytes, offset, bytes.Length));
    }

    public void Truncate(int length)
    {
        if (length == Length)
            return;
        if (length > Length)
        {
            Write(Length, new byte[length - Length]);
            return;
        }
        Length = length;
        _unsynced.Add(new Change(null, length, 0));
    }

    /// <summary>What a program sees is on the device.</summary>
    public void Flush()
    {
        if (_flushesLie)
            return;
        (_durable, _durableLength) = (_bytes, Length);
        _unsynced.Clear();
    }

    /// <summary>The system gave up on what was not flushed, and later flushes do not know of it.</summary>
    public void FailFlush() => _flushesLie = true;

    /// <summary>
    /// What a power cut leaves: what was flushed, then some of the writes after it in order, the last of them perhaps torn.
    /// </summary>
    public SimulatedNode Recover(Fate fate)
    {
        SimulatedNode node = new(_durable, _durableLength);
        int kept = fate.Count(_unsynced.Count);
        foreach (Change change in _unsynced[..kept])
            change.Apply(node, change.Count);
        if (kept < _unsynced.Count && fate.Tears)
            _unsynced[kept].Tear(node, fate.Random);
        node.Flush();
        node._shared = int.MaxValue;
        return node;
    }

    /// <summary>A write, or a truncation when there are no bytes.</summary>
    private readonly record struct Change(byte[]? Bytes, int Offset, int Count)
    {
        public void Apply(SimulatedNode node, int count)
        {
            if (Bytes is null)
                node.Truncate(Offset);
            else
                node.Write(Offset, Bytes.AsSpan(Offset, count));
        }

        public void Tear(SimulatedNode node, Random random)
        {
            if (Bytes is null)
                return;
            int torn = random.Next(Count + 1);
            Apply(node, torn);
            byte[] rest = new byte[random.Next(Count - torn + 1)];
            switch (random.Next(3))
            {
                case 0:
                    return; // the file ends there
                case 1:
                    break; // its length reached the device, these bytes did not
                default:
                    random.NextBytes(rest);
                    break;
            }
            node.Write(Offset + torn, rest);
        }
    }
}

/// <summary>
/// What becomes of that which was not flushed. Seed 0: all is lost. Seed 1: all is kept, as when only the process is killed.
/// </summary>
internal sealed class Fate(int seed)
{
    public Random Random { get; } = new(seed);

    /// <summary>True when a write may be torn.</summary>
    public bool Tears => seed is not (0 or 1);

    /// <summary>How many of some changes, made in order, are kept.</summary>
    public int Count(int changes) => seed switch
    {
        0 => 0,
        1 => changes,
        _ => Random.Next(4) == 0 ? changes : Random.Next(changes + 1),
    };

    /// <summary>True when one change is kept.</summary>
    public bool Keeps() => seed switch
    {
        0 => false,
        1 => true,
        _ => Random.Next(2) == 0,
    };
}
