using System.Runtime.CompilerServices;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>Codes wherever they lie, to be scanned by <see cref="CodesFidelity"/>.</summary>
internal readonly unsafe struct MeasuredCodes
{
    private const int Piece = 1024;

    private readonly Metric _metric;
    private readonly sbyte* _codes;
    private readonly int _stride;
    private readonly float* _mean;
    private readonly float _scale;
    private readonly float* _factors;
    private readonly CodePoint* _points;
    private readonly byte* _int4;

    /// <param name="codes">Of rows that do not grow.</param>
    /// <param name="metric">Of the distances.</param>
    public MeasuredCodes(Int8Codes codes, Metric metric)
    {
        _metric = metric;
        _codes = (sbyte*)codes.Codes.Start;
        _stride = codes.Stride;
        _mean = (float*)codes.Mean.Start;
        _scale = codes.Scale;
        _factors = (float*)codes.Factors.Start;
    }

    /// <param name="codes">Of rows that do not grow.</param>
    /// <param name="mean">That they are taken around, a padded row.</param>
    /// <param name="metric">Of the distances.</param>
    public MeasuredCodes(Int4Codes codes, float* mean, Metric metric)
    {
        _metric = metric;
        _int4 = codes.Codes.Start;
        _stride = codes.Stride;
        _mean = mean;
        _factors = (float*)codes.Factors.Start;
    }

    /// <param name="codes">Of a head; L2 or cosine.</param>
    /// <param name="first">The row that is called 0.</param>
    public MeasuredCodes(GrowingCodes codes, int first)
    {
        _metric = CodeDistance.Metric; // between unit rows it has the order of cosine
        _stride = codes.Stride;
        _codes = codes.Codes + (long)first * _stride;
        _mean = codes.Mean;
        _points = codes.PointOfRow + first;
    }

    /// <summary>Components of a code.</summary>
    private int Components => _int4 == null ? _stride : 2 * _stride;

    private void Score(short* query, in CodedQuery coded, ReadOnlySpan<int> nodes, Span<float> distances)
    {
        float unit = coded.Unit;
        if (_int4 != null)
            new Int4Scorer(_int4, _stride, _factors, query, in coded).Score(nodes, distances);
        else if (_points != null)
            new PointScorer(_codes, _stride, _points, query, unit, 1).Score(nodes, distances);
        else if (_scale == 0)
            new Int8Scorer(_codes, _stride, _factors, query, unit).Score(nodes, distances);
        else if (_metric.Traits().IsSquared)
            new UniformScorer<SquaresTerm>(_codes, _stride, query, -2 * _scale * unit, _scale * _scale).Score(nodes, distances);
        else
            new UniformScorer<NoTerm>(_codes, _stride, query, -_scale * unit, 0).Score(nodes, distances);
    }

    /// <summary>Scans, one query after the other. Holds the memory for it.</summary>
    /// <param name="codes">To be scanned.</param>
    /// <param name="rowStride">Floats of a padded row.</param>
    public sealed class Scan(MeasuredCodes codes, int rowStride) : IDisposable
    {
        private readonly NativeBlock _scratch = new(codes.Components * (long)sizeof(float));
        private readonly NativeBlock _quantised = new(codes.Components * (long)sizeof(short));
        private readonly Rotation? _rotation = codes._int4 == null ? null : Rotation.ForCodes(codes.Components);
        private readonly int[] _nodes = new int[Piece];
        private readonly float[] _distances = new float[Piece];

        /// <summary>Keeps the nearest rows by codes.</summary>
        /// <param name="query">A padded row.</param>
        /// <param name="except">A row that is left out.</param>
        /// <param name="count">Rows.</param>
        /// <param name="top">What is kept.</param>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)] // it runs a few times, for long
        public void Run(float* query, int except, int count, ref TopK top)
        {
            short* quantised = (short*)_quantised.Start;
            CodedQuery coded = CodedQuery.Quantise(
                query, codes._mean, (float*)_scratch.Start, rowStride, new Span<short>(quantised, codes.Components),
                codes._metric.Traits().IsSquared, _rotation);
            for (int from = 0; from < count; from += Piece)
            {
                Span<int> nodes = _nodes.AsSpan(0, Math.Min(Piece, count - from));
                for (int i = 0; i < nodes.Length; i++)
                    nodes[i] = from + i;
                codes.Score(quantised, in coded, nodes, _distances.AsSpan(0, nodes.Length));
                for (int i = 0; i < nodes.Length; i++)
                {
                    ulong entry = Beam.Pack(nodes[i], _distances[i]);
                    if (entry < top.Threshold && nodes[i] != except)
                        top.Add(entry);
                }
            }
        }

        public void Dispose()
        {
            _scratch.Dispose();
            _quantised.Dispose();
            _rotation?.Dispose();
        }
    }
}
