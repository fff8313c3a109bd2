using System.Diagnostics;

namespace Ann.Core.Attributes;

/// <summary>
/// Short pieces of values, each in one place that never moves. Grows under one writer; readers take, without a lock, any piece whose
/// place was published to them after it was added.
/// </summary>
/// <param name="chunkLength">Values of a chunk, at most 65,536; the longest piece is no longer.</param>
internal sealed class GrowingPieces<T>(int chunkLength)
    where T : unmanaged
{
    private const int FirstChunks = 4;

    /// <summary>Entries are set before they are used, and the array is replaced by a longer one, so that readers need no lock.</summary>
    private volatile T[][] _chunks = [];
    private int _count;
    private int _left;

    /// <summary>Chunks that were made.</summary>
    public int Chunks => _count;

    /// <summary>Appends a piece. Writer only.</summary>
    /// <returns>Its place: chunk, offset and length in one number. 0 for an empty piece.</returns>
    public long Add(ReadOnlySpan<T> piece)
    {
        Debug.Assert(piece.Length <= Math.Min(chunkLength, ushort.MaxValue));
        if (piece.IsEmpty)
            return 0;
        if (piece.Length > _left)
            BeginChunk();
        int offset = chunkLength - _left;
        piece.CopyTo(_chunks[_count - 1].AsSpan(offset));
        _left -= piece.Length;
        long place = ((long)(_count - 1) << 32) | ((long)offset << 16) | (uint)piece.Length;
        return place;
    }

    /// <summary>The piece of a place.</summary>
    public ReadOnlySpan<T> At(long place) =>
        place == 0 ? default : _chunks[(int)(place >> 32)].AsSpan((int)(place >> 16) & 0xFFFF, (int)place & 0xFFFF);

    private void BeginChunk()
    {
        T[][] chunks = _chunks;
        if (_count == chunks.Length)
            Array.Resize(ref chunks, Math.Max(FirstChunks, 2 * _count));
        chunks[_count++] = new T[chunkLength];
        _left = chunkLength;
        _chunks = chunks;
    }
}
