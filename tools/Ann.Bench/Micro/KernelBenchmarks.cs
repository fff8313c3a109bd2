using Ann.Bench.Sets;
using Ann.Core.Distances;
using BenchmarkDotNet.Attributes;

namespace Ann.Bench.Micro;

/// <summary>One query against rows that lie in the cache, or do not. A figure is one distance.</summary>
[MemoryDiagnoser]
public unsafe class KernelBenchmarks : IDisposable
{
    private const int Probes = 1024;

    private readonly int[] _probes = new int[Probes];
    private VectorTable _rows = new(1, 1);
    private NativeBlock _codes = new(0);
    private NativeBlock _query = new(0);
    private int _codeStride;

    /// <summary>Components.</summary>
    [Params(128, 768)]
    public int Dimension { get; set; } = 128;

    /// <summary>Rows: 256 stay in the second-level cache, 200,000 do not.</summary>
    [Params(256, 200_000)]
    public int Rows { get; set; } = 256;

    /// <summary>Random rows, codes and places to look at.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Dispose();
        _codeStride = (Dimension + Int8Dot.Lanes - 1) / Int8Dot.Lanes * Int8Dot.Lanes;
        _rows = new VectorTable(Rows, Dimension);
        _codes = new NativeBlock((long)Rows * _codeStride);
        _query = new NativeBlock(_codeStride * sizeof(short));
        UniformLaw law = new(1, Dimension);
        for (int row = 0; row < Rows; row++)
            law.Draw(VectorLaw.BaseStream, row, _rows.Values(row));
        RowRandom random = new(1, 0, 0);
        for (long i = 0; i < _codes.SizeInBytes; i++)
            _codes.Start[i] = (byte)random.NextBits();
        for (int i = 0; i < _codeStride; i++)
            ((short*)_query.Start)[i] = (short)(random.NextBits() & 0xFF);
        for (int i = 0; i < Probes; i++)
            _probes[i] = (int)(random.NextUniform() * Rows);
    }

    /// <summary>Float32, Euclidean.</summary>
    [Benchmark(OperationsPerInvoke = Probes)]
    public float SquaredL2Kernel()
    {
        float sum = 0;
        foreach (int row in _probes)
            sum += SquaredL2.Between(_rows.Row(0), _rows.Row(row), (nuint)_rows.Stride);
        return sum;
    }

    /// <summary>Float32, inner product.</summary>
    [Benchmark(OperationsPerInvoke = Probes)]
    public float NegativeDotKernel()
    {
        float sum = 0;
        foreach (int row in _probes)
            sum += NegativeDot.Between(_rows.Row(0), _rows.Row(row), (nuint)_rows.Stride);
        return sum;
    }

    /// <summary>Codes.</summary>
    [Benchmark(OperationsPerInvoke = Probes)]
    public int Int8DotKernel()
    {
        int sum = 0;
        foreach (int row in _probes)
            sum += Int8Dot.Between((short*)_query.Start, (sbyte*)_codes.Start + ((long)row * _codeStride), (nuint)_codeStride);
        return sum;
    }

    /// <inheritdoc/>
    [GlobalCleanup]
    public void Dispose()
    {
        _rows.Dispose();
        _codes.Dispose();
        _query.Dispose();
        GC.SuppressFinalize(this);
    }
}
