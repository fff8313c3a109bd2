using System.Diagnostics;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>
/// 8-bit codes of rows that come one by one, for building a graph by <see cref="CodeDistance"/> and for searching it. As
/// <see cref="Int8Codes"/> with a scale a row; the mean is that of the rows that were there when it was taken.
/// </summary>
/// <remarks>
/// One writer; readers take no lock. A code is written before its node can be found, and again only when all rows are encoded anew, in
/// place. A reader asks before and after whether that happened, and if so throws away what it has (a sequence lock).
/// </remarks>
internal sealed unsafe class GrowingCodes : IDisposable
{
    private readonly LazyBlock _codes;
    private readonly LazyBlock _points;
    private readonly NativeBlock _mean;
    private readonly int _dimension;
    private readonly int _stride;
    private int _version;
    private volatile bool _isUnfit;

    /// <param name="capacity">Most rows.</param>
    /// <param name="dimension">Components of a row.</param>
    public GrowingCodes(int capacity, int dimension)
    {
        _stride = Int8Codes.StrideOf(dimension);
        _dimension = dimension;
        _mean = new NativeBlock(VectorTable.StrideOf(dimension) * (long)sizeof(float));
        _codes = new LazyBlock((long)capacity * _stride);
        _points = new LazyBlock((long)capacity * sizeof(CodePoint));
    }

    /// <summary>What the codes stand for. The addresses stay.</summary>
    public CodePoints Points => new((sbyte*)_codes.Start, _stride, (CodePoint*)_points.Start);

    /// <summary>First byte of the first code.</summary>
    public sbyte* Codes => (sbyte*)_codes.Start;

    /// <summary>Bytes from one code to the next.</summary>
    public int Stride => _stride;

    /// <summary>What belongs to each code.</summary>
    public CodePoint* PointOfRow => (CodePoint*)_points.Start;

    /// <summary>A padded row.</summary>
    public float* Mean => (float*)_mean.Start;

    /// <summary>Bytes that each row takes.</summary>
    public static int BytesPerRow(int dimension) => Int8Codes.StrideOf(dimension) + sizeof(CodePoint);

    /// <summary>True once codes were found not to tell the rows apart. Nobody begins to read them any more.</summary>
    public bool IsUnfit => _isUnfit;

    /// <summary>
    /// For a reader: begins to read codes. Null while they are encoded anew, and when they are unfit; else what <see cref="AreStill"/> must
    /// be asked with when they have been read, for then they may have been encoded anew meanwhile.
    /// </summary>
    public int? TryBegin()
    {
        int version = Volatile.Read(ref _version);
        return (version & 1) == 0 && !_isUnfit ? version : null;
    }

    /// <summary>Codes do not tell the rows apart: from now on readers read the rows. Writer only.</summary>
    public void GiveUp() => _isUnfit = true;

    /// <summary>True when no code that was there at <see cref="TryBegin"/> has changed since.</summary>
    public bool AreStill(int version)
    {
        Volatile.ReadBarrier();
        return _version == version;
    }

    /// <summary>Begins to encode all rows anew.</summary>
    public void BeginAnew()
    {
        Debug.Assert((_version & 1) == 0);
        _version++;
        Interlocked.MemoryBarrier();
    }

    /// <summary>All rows are encoded anew.</summary>
    public void EndAnew()
    {
        Debug.Assert((_version & 1) == 1);
        Volatile.Write(ref _version, _version + 1);
    }

    /// <summary>Takes the mean of the first rows. All must then be encoded anew.</summary>
    /// <param name="rows">First component of the first row.</param>
    /// <param name="rowStride">Floats from one row to the next.</param>
    /// <param name="count">Rows, 1 or more.</param>
    /// <param name="norms">What tempering does to each row; null for rows as they are.</param>
    public void TakeMean(float* rows, int rowStride, int count, TemperedNorm* norms) =>
        RobustMean.Compute(rows, rowStride, _dimension, count, norms, new Span<float>(Mean, _dimension));

    /// <summary>Encodes a row.</summary>
    /// <param name="row">Its number.</param>
    /// <param name="values">Its components.</param>
    /// <param name="temper">Factor on each of them.</param>
    public void Encode(int row, ReadOnlySpan<float> values, float temper)
    {
        Debug.Assert(values.Length == _dimension);
        float* mean = Mean;
        float largest = 0;
        for (int i = 0; i < values.Length; i++)
            largest = MathF.Max(largest, MathF.Abs(temper * values[i] - mean[i]));
        float scale = largest / 127;
        float inverse = scale > 0 ? 1 / scale : 0;
        if (!float.IsFinite(inverse)) // components so small that their reciprocal overflows carry no order
            (scale, inverse) = (0, 0);

        sbyte* code = (sbyte*)_codes.Start + (long)row * _stride;
        for (int i = 0; i < values.Length; i++)
            code[i] = (sbyte)Math.Clamp(MathF.Round((temper * values[i] - mean[i]) * inverse), -127, 127);
        float square = scale * scale * Int8Pairs.Between(code, code, (nuint)_stride);
        Debug.Assert(float.IsFinite(square));
        ((CodePoint*)_points.Start)[row] = new CodePoint(square, scale);
    }

    public void Dispose()
    {
        _codes.Dispose();
        _points.Dispose();
        _mean.Dispose();
    }
}
