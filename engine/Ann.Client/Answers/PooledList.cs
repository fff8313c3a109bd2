using System.Buffers;

namespace Ann.Client.Answers;

/// <summary>A list in an array of the pool. A value that is changed in place: hold it in one field and never copy it.</summary>
internal struct PooledList<T>
{
    private const int First = 16;

    private T[]? _items;

    /// <summary>Items in the list.</summary>
    public int Count { get; private set; }

    /// <summary>The items, until the next <see cref="Add"/> or <see cref="Release"/>.</summary>
    public readonly ReadOnlySpan<T> Items => _items.AsSpan(0, Count);

    /// <summary>Appends one.</summary>
    public void Add(T item)
    {
        if (_items is null || Count == _items.Length)
        {
            T[] larger = ArrayPool<T>.Shared.Rent(Math.Max(First, Count * 2));
            Items.CopyTo(larger);
            Return();
            _items = larger;
        }
        _items[Count++] = item;
    }

    /// <summary>Gives the array back. The list is empty then.</summary>
    public void Release()
    {
        Count = 0;
        Return();
    }

    private void Return()
    {
        if (Interlocked.Exchange(ref _items, null) is { } items)
            ArrayPool<T>.Shared.Return(items);
    }
}
