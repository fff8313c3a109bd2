using System.Buffers;
using System.Diagnostics;

namespace Ann.Encoding.Tokenizers;

/// <summary>Tokens of a run of texts, one after the other. Owns pooled arrays; one thread at a time.</summary>
internal sealed class TokenBuffer(int rows, bool hasWeights) : IDisposable
{
    private const int FirstCapacity = 512;

    private readonly int[] _ends = ArrayPool<int>.Shared.Rent(rows);
    private long[] _ids = ArrayPool<long>.Shared.Rent(FirstCapacity);
    private float[] _weights = hasWeights ? ArrayPool<float>.Shared.Rent(FirstCapacity) : [];
    private int _count;

    /// <summary>Rows ended so far.</summary>
    public int Rows { get; private set; }

    /// <summary>Appends a token to the row being written.</summary>
    public void Add(long id, float weight = 1)
    {
        if (_count == _ids.Length)
            PooledArray.Grow(ref _ids, _count);
        _ids[_count] = id;
        if (hasWeights)
        {
            if (_weights.Length <= _count)
                PooledArray.Grow(ref _weights, _count);
            _weights[_count] = weight;
        }
        _count++;
    }

    /// <summary>Ends the row being written, which may be empty.</summary>
    public void EndRow()
    {
        Debug.Assert(Rows < _ends.Length);

        _ends[Rows++] = _count;
    }

    /// <summary>Forgets the rows; keeps the memory.</summary>
    public void Clear()
    {
        Rows = 0;
        _count = 0;
    }

    /// <summary>Tokens of a row.</summary>
    public int Length(int row) => _ends[row] - Start(row);

    /// <summary>Token ids of a row. Valid until the next <see cref="Add"/>.</summary>
    public ReadOnlySpan<long> Ids(int row) => _ids.AsSpan(Start(row), Length(row));

    /// <summary>Token weights of a row. Valid until the next <see cref="Add"/>.</summary>
    public ReadOnlySpan<float> Weights(int row) => _weights.AsSpan(Start(row), Length(row));

    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(_ends);
        ArrayPool<long>.Shared.Return(_ids);
        if (hasWeights)
            ArrayPool<float>.Shared.Return(_weights);
    }

    private int Start(int row)
    {
        Debug.Assert((uint)row < (uint)Rows);

        return row == 0 ? 0 : _ends[row - 1];
    }
}
