using System.Runtime.InteropServices;
using Ann.Client.Writing;
using Ann.Protocol.V1;
using Google.Protobuf;

namespace Ann.Client;

/// <summary>
/// Items to be written together: keys, vectors, attributes, payloads. What writes them takes them, and leaves the batch empty for the next
/// ones. Not safe for several threads at once.
/// </summary>
/// <example><code>batch.Add(42, vector).Set("brand", "acme").Set("price", 9.95);</code></example>
public sealed class ItemBatch
{
    private readonly Dictionary<string, ItemAttribute> _attributes = new(StringComparer.Ordinal);
    private readonly List<ByteString> _payloads = [];
    private KeyColumn _keys = new();
    private float[] _vectors = [];
    private int _length;
    private long _keyBytes;
    private long _payloadBytes;
    private int _payloadsTold;

    /// <summary>Items in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Components of a vector: of the first item. 0 while there is none, and of items without vectors.</summary>
    public int Dimension { get; private set; }

    /// <summary>About how many bytes the batch is on the wire, attributes with texts counted by their characters.</summary>
    public long SizeInBytes =>
        ((long)_length * sizeof(float)) + _keyBytes + _payloadBytes + _attributes.Values.Sum(static one => one.SizeInBytes);

    /// <summary>Adds an item of an index whose keys are numbers.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="vector">Copied.</param>
    /// <returns>The item, to set its attributes.</returns>
    /// <exception cref="ArgumentException">The vector is not as long as those before it, or the keys before it are texts.</exception>
    public ItemBatchRow Add(ulong key, ReadOnlySpan<float> vector)
    {
        if (_keys.Texts.Count > 0)
            throw new ArgumentException("The keys before this one are texts; an index has one kind of keys.", nameof(key));
        AddVector(vector);
        _keys.Numbers.Add(key);
        _keyBytes += sizeof(ulong);
        return new ItemBatchRow(this, Count++);
    }

    /// <summary>Adds an item of an index whose keys are texts.</summary>
    /// <inheritdoc cref="Add(ulong, ReadOnlySpan{float})"/>
    public ItemBatchRow Add(string key, ReadOnlySpan<float> vector)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (_keys.Numbers.Count > 0)
            throw new ArgumentException("The keys before this one are numbers; an index has one kind of keys.", nameof(key));
        AddVector(vector);
        _keys.Texts.Add(key);
        _keyBytes += key.Length + 2;
        return new ItemBatchRow(this, Count++);
    }

    /// <summary>Adds an item that exists, to be changed: <see cref="IndexClient.UpdateAsync"/>. It has no vector.</summary>
    /// <inheritdoc cref="Add(ulong, ReadOnlySpan{float})"/>
    public ItemBatchRow Add(ulong key) => Add(key, []);

    /// <inheritdoc cref="Add(ulong)"/>
    public ItemBatchRow Add(string key) => Add(key, []);

    /// <summary>Forgets all items.</summary>
    public void Clear()
    {
        _keys = new KeyColumn();
        _vectors = [];
        _attributes.Clear();
        _payloads.Clear();
        (_length, _keyBytes, _payloadBytes, _payloadsTold, Count, Dimension) = (0, 0, 0, 0, 0, 0);
    }

    /// <summary>The column of an attribute, filled up to an item that is about to have a value.</summary>
    internal AttributeColumn Column(string name, int row, ItemValueKind kind, int bytes) => Attribute(name, row).Reach(row, kind, bytes);

    /// <summary>Says of the item that was added last that it has no value of an attribute.</summary>
    internal void Clear(string name, int row) => Attribute(name, row).Clear(row);

    /// <summary>Gives the item that was added last a payload.</summary>
    internal void SetPayload(int row, ReadOnlySpan<byte> payload)
    {
        RequireLast(row);
        if (_payloads.Count > row)
            throw new InvalidOperationException("The payload of this item is set already.");
        FinishPayloads(row);
        _payloads.Add(payload.IsEmpty ? ByteString.Empty : ByteString.CopyFrom(payload));
        _payloadBytes += payload.Length + 4;
        _payloadsTold++;
    }

    /// <summary>The items as a block; the batch is empty then.</summary>
    internal WriteBlock Take()
    {
        WriteBlock block = new() { Keys = _keys };
        if (_length > 0)
            block.Vectors = Vectors();
        foreach (ItemAttribute attribute in _attributes.Values)
            block.Attributes.Add(attribute.Finish(Count));
        if (_payloadsTold > 0)
        {
            FinishPayloads(Count);
            block.Payloads.Add(_payloads);
        }
        Clear();
        return block;
    }

    /// <summary>The items as a block of changes; the batch is empty then.</summary>
    /// <exception cref="ArgumentException">Not all items change the same, or they have vectors; the batch stays as it is.</exception>
    internal WriteBlock TakeUpdate()
    {
        if (_length > 0)
            throw new ArgumentException("The items have vectors; an update leaves those that they have. Add takes a key alone.", "items");
        foreach ((string name, ItemAttribute attribute) in _attributes)
        {
            if (attribute.Told < Count)
            {
                throw new ArgumentException(
                    $"{attribute.Told} of {Count} items set or clear attribute '{name}'; all items of an update change the same.", "items");
            }
        }
        return _payloadsTold == 0 || _payloadsTold == Count
            ? Take()
            : throw new ArgumentException(
                $"{_payloadsTold} of {Count} items set a payload; all items of an update change the same.", "items");
    }

    /// <summary>The items as the request of one call; the batch is empty then.</summary>
    internal UpsertRequest TakeRequest(string index)
    {
        WriteBlock block = Take();
        UpsertRequest request = new() { Index = index, Keys = block.Keys, Vectors = block.Vectors };
        request.Attributes.Add(block.Attributes);
        request.Payloads.Add(block.Payloads);
        return request;
    }

    /// <summary>The items as the request of one call that changes them; the batch is empty then.</summary>
    /// <inheritdoc cref="TakeUpdate()"/>
    internal UpdateRequest TakeUpdate(string index)
    {
        WriteBlock block = TakeUpdate();
        UpdateRequest request = new() { Index = index, Keys = block.Keys };
        request.Attributes.Add(block.Attributes);
        request.Payloads.Add(block.Payloads);
        return request;
    }

    private ItemAttribute Attribute(string name, int row)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        RequireLast(row);
        if (!_attributes.TryGetValue(name, out ItemAttribute? column))
            _attributes.Add(name, column = new ItemAttribute(name));
        return column;
    }

    private void RequireLast(int row)
    {
        if (row != Count - 1)
            throw new InvalidOperationException("Attributes and payloads are set on the item that was added last.");
    }

    private void FinishPayloads(int count)
    {
        while (_payloads.Count < count)
            _payloads.Add(ByteString.Empty);
    }

    private VectorBatch Vectors() => new()
    {
        Dtype = Dtype.F32,
        Dim = (uint)Dimension,
        Data = ByteString.CopyFrom(MemoryMarshal.AsBytes(_vectors.AsSpan(0, _length))),
    };

    private void AddVector(ReadOnlySpan<float> vector)
    {
        if (Count > 0 && vector.Length != Dimension)
        {
            throw new ArgumentException(
                $"The vector has {vector.Length} components; those before it have {Dimension}.", nameof(vector));
        }
        Dimension = vector.Length;
        if (_length + vector.Length > _vectors.Length)
            Array.Resize(ref _vectors, Math.Max(_length + vector.Length, _vectors.Length * 2));
        vector.CopyTo(_vectors.AsSpan(_length));
        _length += vector.Length;
    }
}

/// <summary>
/// The item that was added last to a batch. What is not set it has no value of; of an item to be changed that stays as it is.
/// </summary>
public readonly struct ItemBatchRow
{
    private readonly ItemBatch _batch;
    private readonly int _row;

    internal ItemBatchRow(ItemBatch batch, int row)
    {
        _batch = batch;
        _row = row;
    }

    /// <summary>Sets a KEYWORD.</summary>
    public ItemBatchRow Set(string attribute, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Column(attribute, ItemValueKind.Keyword, value.Length).Keywords.Add(value);
        return this;
    }

    /// <summary>Sets a KEYWORD_SET.</summary>
    public ItemBatchRow Set(string attribute, IEnumerable<string> values)
    {
        KeywordSet set = new();
        set.Values.AddRange(values);
        Column(attribute, ItemValueKind.KeywordSet, set.CalculateSize()).KeywordSets.Add(set);
        return this;
    }

    /// <summary>Sets an INT64.</summary>
    public ItemBatchRow Set(string attribute, long value)
    {
        Column(attribute, ItemValueKind.Integer, sizeof(long)).Integers.Add(value);
        return this;
    }

    /// <summary>Sets a DOUBLE.</summary>
    public ItemBatchRow Set(string attribute, double value)
    {
        Column(attribute, ItemValueKind.Double, sizeof(double)).Doubles.Add(value);
        return this;
    }

    /// <summary>Sets a BOOL.</summary>
    public ItemBatchRow Set(string attribute, bool value)
    {
        Column(attribute, ItemValueKind.Bool, sizeof(bool)).Bools.Add(value);
        return this;
    }

    /// <summary>Sets a TIMESTAMP, to the microsecond.</summary>
    public ItemBatchRow Set(string attribute, DateTimeOffset value)
    {
        long microseconds = (value - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        Column(attribute, ItemValueKind.Timestamp, sizeof(long)).Integers.Add(microseconds);
        return this;
    }

    /// <summary>Takes the item's value of an attribute away, where it is to be changed.</summary>
    public ItemBatchRow Clear(string attribute)
    {
        _batch.Clear(attribute, _row);
        return this;
    }

    /// <summary>
    /// Sets the payload: bytes that mean nothing to the index and come back when a search or a fetch asks for them, at most 1,048,576.
    /// Empty: none; of an item to be changed that takes its payload away.
    /// </summary>
    /// <param name="payload">Copied.</param>
    public ItemBatchRow SetPayload(ReadOnlySpan<byte> payload)
    {
        _batch.SetPayload(_row, payload);
        return this;
    }

    private AttributeColumn Column(string attribute, ItemValueKind kind, int bytes) => _batch.Column(attribute, _row, kind, bytes);
}
