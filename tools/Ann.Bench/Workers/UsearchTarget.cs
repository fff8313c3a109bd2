using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ann.Bench.Curves;
using Ann.Core;
using Ann.Tool;
using Cloud.Unum.USearch;

namespace Ann.Bench.Workers;

/// <summary>
/// USearch by its package of .NET. What that hides is asked of its C library: a beam width for an index that is loaded, room for all rows
/// before threads add them, and as many threads as search.
/// </summary>
internal sealed partial class UsearchTarget : ISearchTarget
{
    private const string Library = "libusearch_c";

    /// <summary>What the names of its engines begin with; the precision of its rows follows.</summary>
    public const string Prefix = "usearch-";

    private readonly USearchIndex _index;
    private readonly float[][] _queries;
    private readonly int _k;

    public UsearchTarget(ToolContext tool, WorkerRequest request)
    {
        _index = new USearchIndex(request.Index, view: false);
        ChangeThreadsSearch(HandleOf(_index), (nuint)request.Threads, out nint error);
        Check(error);
        _queries = AnswerCheck.Load(tool.Files, request.Queries);
        _k = request.K;
    }

    /// <summary>Version of the library.</summary>
    public static string Version => typeof(USearchIndex).Assembly.GetName().Version?.ToString(3) ?? "";

    /// <inheritdoc/>
    public int Batch => 1;

    /// <inheritdoc/>
    public int Queries => _queries.Length;

    /// <summary>Why its native library does not load, and what helps; null when it does.</summary>
    public static string? Missing()
    {
        try
        {
            NativeLibrary.Free(NativeLibrary.Load(Library, typeof(UsearchTarget).Assembly, null));
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return $"its library does not load ({e.Message.Split('\n')[0].Trim()}); it is packed for linux-x64, where it needs "
                + "apt-get install libgomp1 libstdc++6, for osx-arm64 and for win-x64";
        }
    }

    public static void Build(ToolContext tool, WorkerRequest request)
    {
        float[][] rows = AnswerCheck.Load(tool.Files, request.Base);
        MetricKind metric = request.Metric switch
        {
            Metric.Cosine => MetricKind.Cos,
            Metric.L2 => MetricKind.L2sq,
            Metric.InnerProduct => MetricKind.Ip,
        };
        ScalarKind precision = request.Engine[Prefix.Length..] switch
        {
            "f32" => ScalarKind.Float32,
            "bf16" => ScalarKind.BFloat16,
            "i8" => ScalarKind.Int8,
            _ => throw AnnException.Invalid("--engine", $"--engine is '{request.Engine}', a precision that is not compared."),
        };
        long start = Stopwatch.GetTimestamp();
        using USearchIndex index = new(
            metric, precision, (ulong)rows[0].Length, (ulong)request.M, (ulong)request.EfConstruction, (ulong)request.EfConstruction);
        Reserve(HandleOf(index), (nuint)rows.Length, out nint error);
        Check(error);
        ChangeThreadsAdd(HandleOf(index), (nuint)request.Threads, out error);
        Check(error);
        Parallel.For(
            0, rows.Length, new ParallelOptions { MaxDegreeOfParallelism = request.Threads }, row => index.Add((ulong)row, rows[row]));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        tool.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"built seconds={seconds:F6} threads={request.Threads}"));
        index.Save(request.Index);
    }

    /// <inheritdoc/>
    public void SetEf(int ef)
    {
        ChangeExpansionSearch(HandleOf(_index), (nuint)ef, out nint error);
        Check(error);
    }

    /// <inheritdoc/>
    public void BeginThread()
    {
    }

    /// <inheritdoc/>
    public long Search(int first, int count, Span<int> answers)
    {
        int found = _index.Search(_queries[first], _k, out ulong[] keys, out _);
        for (int i = 0; i < found; i++)
            answers[i] = (int)keys[i];
        answers[found..].Fill(-1);
        return -1;
    }

    /// <inheritdoc/>
    public void Dispose() => _index.Dispose();

    private static void Check(nint error)
    {
        if (error != 0)
            throw AnnException.Invalid("engines", $"USearch: {Marshal.PtrToStringUTF8(error)}");
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_index")]
    private static extern ref nint HandleOf(USearchIndex index);

    [LibraryImport(Library, EntryPoint = "usearch_reserve")]
    private static partial void Reserve(nint index, nuint capacity, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_change_threads_add")]
    private static partial void ChangeThreadsAdd(nint index, nuint threads, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_change_threads_search")]
    private static partial void ChangeThreadsSearch(nint index, nuint threads, out nint error);

    [LibraryImport(Library, EntryPoint = "usearch_change_expansion_search")]
    private static partial void ChangeExpansionSearch(nint index, nuint expansion, out nint error);
}
