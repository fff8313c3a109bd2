using Ann.Bench.Workers;

namespace Ann.Bench.Peers;

/// <summary>One engine of the comparison.</summary>
/// <param name="Name">What it is called on the command line and in every table.</param>
/// <param name="IndexName">Which index it searches: engines of one name share the file.</param>
/// <param name="Settings">What a reader must know to judge the figures, beside M and efConstruction.</param>
internal sealed record PeerEngine(string Name, string IndexName, string Settings)
{
    /// <summary>The C++ driver that runs it; null when this program does.</summary>
    public DriverSource? Driver { get; init; }

    /// <summary>Version of the library that builds its index, where this program calls one.</summary>
    public string Maker { get; init; } = "";

    /// <summary>Why it cannot run here and what helps, or null; null itself where it always can.</summary>
    public Func<string?>? Missing { get; init; }

    /// <summary>It scans and has no beam width: one point instead of a curve.</summary>
    public bool IsExact { get; init; }

    /// <summary>Its index is an <c>.ann</c> file.</summary>
    public bool IsOurs => IndexName.StartsWith("ann-", StringComparison.Ordinal);

    /// <summary>The engine that all are compared with.</summary>
    public const string Baseline = "hnswlib";

    private static readonly DriverSource Hnswlib = new(
        "hnswlib.cpp", "libhnswlib-dev", "apt-get install g++ libhnswlib-dev", []);

    private static readonly DriverSource Faiss = new(
        "faiss.cpp", "libfaiss-dev", "apt-get install g++ libfaiss-dev libopenblas-dev", ["-fopenmp", "-lfaiss", "-lopenblas"]);

    private static PeerEngine Usearch(string precision, string rows) => new(
        UsearchTarget.Prefix + precision, UsearchTarget.Prefix + precision, $"{rows}; the library as its package of .NET has it")
    {
        Maker = UsearchTarget.Version,
        Missing = UsearchTarget.Missing,
    };

    /// <summary>Every engine that this build knows, in the order of the tables.</summary>
    public static IReadOnlyList<PeerEngine> All { get; } =
    [
        new("ann-fast", "ann-fast", "int8 codes, layout fast, float32 rerank"),
        new("ann-lean", "ann-lean", "int8 codes, layout lean, float32 rerank"),
        new("ann-compact", "ann-compact", "4-bit codes, layout compact, float32 rerank by positioned reads"),
        new("ann-fast-batch", "ann-fast", "as ann-fast, 16 queries a call on one thread; a query's latency is its call's"),
        new(Baseline, "hnswlib", "float32 rows, -O3 -march=native") { Driver = Hnswlib },
        new("hnswlib-huge", "hnswlib", "as hnswlib, rows and links of level 0 copied to huge pages after loading") { Driver = Hnswlib },
        new("faiss-hnsw-flat", "faiss-hnsw-flat", "IndexHNSWFlat; the library as Debian compiled it") { Driver = Faiss },
        new(
            "faiss-hnsw-sq8", "faiss-hnsw-sq8",
            "IndexHNSWSQ QT_8bit + IndexRefineFlat, up to 4k refined; the library as Debian compiled it") { Driver = Faiss },
        Usearch("f32", "float32 rows"),
        Usearch("bf16", "bfloat16 rows, without rerank"),
        Usearch("i8", "int8 rows, without rerank"),
        new("exact", "ann-lean", "AnnServer's exact scan; up to 100 queries") { IsExact = true },
#if HNSW_NET
        new("hnsw.net", "hnsw.net", "HnswNet.HnswIndex, float32") { Maker = HnswNetTarget.Version },
#endif
    ];

    /// <summary>How to have an engine that only another build of this program knows.</summary>
    public static IReadOnlyDictionary<string, string> OtherBuilds { get; } = new Dictionary<string, string>
    {
#if !HNSW_NET
        ["hnsw.net"] = "build with -p:HnswNet=true where a registry or a local feed has the package Hnsw.Net",
#endif
    };
}

/// <summary>A C++ program that is compiled on the machine that runs it.</summary>
/// <param name="File">Its source, embedded in this program.</param>
/// <param name="Package">The Debian package of the library, for its version.</param>
/// <param name="Install">The command that installs what it needs.</param>
/// <param name="Flags">For the linker.</param>
internal sealed record DriverSource(string File, string Package, string Install, string[] Flags);
