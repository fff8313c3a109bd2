using System.Text;
using Ann.Core;
using Ann.Core.Files.Formats;

namespace Ann.Tool.Formats;

/// <summary>A format of vectors: its names, and what it has room for. All are read and written.</summary>
/// <param name="Name">The word on the command line.</param>
/// <param name="Extensions">Ends of names of files, in lower case, the usual one first.</param>
/// <param name="Elements">What its components may be.</param>
/// <param name="Stored">What a component is that is written.</param>
internal sealed record VectorFormat(string Name, string[] Extensions, string Elements, ElementType Stored = ElementType.Float32)
{
    /// <summary>True where keys stand beside the vectors.</summary>
    public bool HasKeys { get; init; }

    /// <summary>True where attributes stand beside the vectors.</summary>
    public bool HasAttributes { get; init; }

    /// <summary>True where columns tell their types, so that attributes need not be named.</summary>
    public bool TellsTypes { get; init; }

    /// <summary>True for texts, which may be packed: <c>.gz</c> or <c>.zst</c> behind the extension.</summary>
    public bool IsText { get; init; }

    /// <summary>Where it comes from, for people.</summary>
    public required string From { get; init; }
}

/// <summary>All formats of vectors. Help texts, errors and the table of engine/docs/tools/formats.md have them from here.</summary>
internal static class VectorFormats
{
    /// <summary>What stands between a file of HDF5 and the dataset in it.</summary>
    public const char BeforeDataset = '#';

    private const string Float = "float32";
    private static readonly string[] Packings = [".gz", ".zst"];

    /// <summary>All of them, in the order in which they are told.</summary>
    public static IReadOnlyList<VectorFormat> All { get; } =
    [
        new("fbin", [".fbin"], Float) { From = "big-ann-benchmarks" },
        new("f16bin", [".f16bin"], "float16", ElementType.Float16) { From = "big-ann-benchmarks" },
        new("u8bin", [".u8bin"], "uint8", ElementType.UInt8) { From = "big-ann-benchmarks" },
        new("i8bin", [".i8bin"], "int8", ElementType.Int8) { From = "big-ann-benchmarks" },
        new("fvecs", [".fvecs"], Float) { From = "TEXMEX" },
        new("bvecs", [".bvecs"], "uint8", ElementType.UInt8) { From = "TEXMEX" },
        new("npy", [".npy"], "float32; read: float16, float64, uint8, int8") { From = "NumPy" },
        new("jsonl", [".jsonl"], "numbers as text") { HasKeys = true, HasAttributes = true, IsText = true, From = "a JSON object a line" },
        new("csv", [".csv"], "numbers as text") { HasKeys = true, HasAttributes = true, IsText = true, From = "tables, RFC 4180" },
        new("tsv", [".tsv"], "numbers as text") { HasKeys = true, HasAttributes = true, IsText = true, From = "tables between tabs" },
        new("parquet", [".parquet"], "float32; read: float64")
        {
            HasKeys = true, HasAttributes = true, TellsTypes = true, From = "Apache Parquet",
        },
        new("arrow", [".arrow", ".feather"], "float32; read: float16, float64, uint8, int8")
        {
            HasKeys = true, HasAttributes = true, TellsTypes = true, From = "Arrow IPC, file",
        },
        new("arrows", [".arrows"], "float32; read: float16, float64, uint8, int8")
        {
            HasKeys = true, HasAttributes = true, TellsTypes = true, From = "Arrow IPC, stream",
        },
        new("hdf5", [".hdf5", ".h5"], "float32; read: float16, float64, uint8, int8") { From = "HDF5 as ann-benchmarks has it" },
    ];

    /// <summary>All names.</summary>
    public static string[] Names { get; } = [.. All.Select(static format => format.Name)];

    /// <summary>All extensions, for help texts and errors.</summary>
    public static string Extensions { get; } = string.Join(' ', All.SelectMany(static format => format.Extensions));

    /// <summary>What a verb that reads vectors says of its input.</summary>
    public static string InputHelp { get; } =
        $"Vectors: {Extensions}. Texts may be packed (.gz .zst); those with room for keys have them as \"id\", beside \"vector\". "
        + "FILE.hdf5#test reads another dataset than train; - is standard input, with --input-format.";

    /// <summary>The format of a name.</summary>
    public static VectorFormat Named(string name) => All.First(format => format.Name == name);

    /// <summary>The format that a path tells; null when it tells none.</summary>
    public static VectorFormat? Find(string path)
    {
        string file = Split(path).File;
        string packing = PackingOf(file);
        string extension = Path.GetExtension(file[..^packing.Length]).ToLowerInvariant();
        return All.FirstOrDefault(format => format.Extensions.Contains(extension) && (packing.Length == 0 || format.IsText));
    }

    /// <summary>The format that a path tells.</summary>
    /// <param name="path">A file.</param>
    /// <param name="verb">What is wanted: <c>read</c> or <c>write</c>.</param>
    /// <exception cref="AnnException">InvalidArgument: it tells none.</exception>
    public static VectorFormat OfPath(string path, string verb = "read")
    {
        if (Find(path) is { } format)
            return format;
        string extension = Path.GetExtension(path).ToLowerInvariant();
        string found = extension.Length == 0 ? "no extension" : $"'{extension}'";
        throw AnnException.BadInput(path, "", $"{found} names no format that we {verb}; vectors: {Extensions}.");
    }

    /// <summary><c>.gz</c> or <c>.zst</c> at the end of a path, or nothing.</summary>
    public static string PackingOf(string path) =>
        Array.Find(Packings, packing => path.EndsWith(packing, StringComparison.OrdinalIgnoreCase)) ?? "";

    /// <summary>The file of a path, and the dataset of HDF5 that it names; null where it names none.</summary>
    public static (string File, string? Dataset) Split(string path)
    {
        int at = path.LastIndexOf(BeforeDataset);
        bool names = at > 0 && Named("hdf5").Extensions.Any(
            extension => path[..at].EndsWith(extension, StringComparison.OrdinalIgnoreCase));
        return names ? (path[..at], path[(at + 1)..]) : (path, null);
    }

    /// <summary>The table of the document.</summary>
    public static string Table()
    {
        StringBuilder table = new("| format | files | of | components | keys | attributes |\n|---|---|---|---|---|---|\n");
        foreach (VectorFormat format in All)
        {
            string files = string.Join(", ", format.Extensions.Select(static extension => $"`{extension}`"));
            string attributes = format.TellsTypes ? "inside, with types" : format.HasAttributes ? "inside, named" : "sidecar";
            table.Append(
                $"| `{format.Name}` | {files}{(format.IsText ? ", `.gz`, `.zst`" : "")} | {format.From} | {format.Elements} "
                + $"| {(format.HasKeys ? "inside" : "sidecar")} | {attributes} |\n");
        }
        return table.ToString();
    }
}
