using System.Runtime.InteropServices;
using Ann.Client.Writing;
using Ann.Protocol.V1;
using Google.Protobuf;

namespace Ann.Client;

/// <summary>
/// Items to be written together: keys, vectors, attributes. What writes them takes them, and leaves the batch empty for the next ones.
/// Not safe for several threads at once.
/// </summary>
/// <example><code>batch.Add(42, vector).Set("brand", "acme").Set("price", 9.95);</code></example>
public sealed class ItemBatch
{
    private readonly Dictionary<string, ItemAttribute> _attributes = new(StringComparer.Ordinal);
    private KeyColumn _keys = new();
    private float[] _vectors = [];
    private int _length;
    private long _keyBytes;

    /// <summary>Items in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Components of a vector: of the first item. 0 while there is none, and of items without vectors.</summary>
    public int Dimension { get; private set; }

    /// <summary>About how many bytes the batch is on the wire, attributes with texts counted by their characters.</summary>
    public long SizeInBytes => ((long)_length * sizeof(float)) + _keyBytes + _attributes.Values.Sum(static one => one.SizeInBytes);

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

    /// <summary>Forgets all items.</summary>
    public void Clear()
    {
        _keys = new KeyColumn();
        _vectors = [];
        _attributes.Clear();
        (_length, _keyBytes, Count, Dimension) = (0, 0, 0, 0);
    }

    /// <summary>The column of an attribute, filled up to an item that is about to have a value.</summary>
    internal AttributeColumn Column(string name, int row, ItemValueKind kind, int bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (row != Count - 1)
            throw new InvalidOperationException("Attributes are set on the item that was added last.");
        if (!_attributes.TryGetValue(name, out ItemAttribute? column))
            _attributes.Add(name, column = new ItemAttribute(name, kind));
        return column.Reach(row, kind, bytes);
    }

    /// <summary>The items as a block; the batch is empty then.</summary>
    internal WriteBlock Take()
    {
        WriteBlock block = new() { Keys = _keys };
        if (_length > 0)
            block.Vectors = Vectors();
        foreach (ItemAttribute attribute in _attributes.Values)
            block.Attributes.Add(attribute.Finish(Count));
        Clear();
        return block;
    }

    /// <summary>The items as the request of one call; the batch is empty then.</summary>
    internal UpsertRequest TakeRequest(string index)
    {
        WriteBlock block = Take();
        UpsertRequest request = new() { Index = index, Keys = block.Keys, Vectors = block.Vectors };
        request.Attributes.Add(block.Attributes);
        return request;
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

/// <summary>The item that was added last to a batch. What is not set it has no value of.</summary>
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

    private AttributeColumn Column(string attribute, ItemValueKind kind, int bytes) => _batch.Column(attribute, _row, kind, bytes);
}
