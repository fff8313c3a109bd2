using System.Globalization;
using System.IO.Hashing;
using System.Text.Json;
using Ann.Bench.Reports;
using Ann.Core.Segments;
using Ann.Tool;

using static System.Text.Encoding;

namespace Ann.Bench.Peers;

/// <summary>What is known of an index in the cache, in a file beside it.</summary>
/// <param name="Seconds">What the build took.</param>
/// <param name="Threads">On so many threads.</param>
/// <param name="SizeInBytes">Of the file.</param>
internal sealed record BuildNote(double Seconds, int Threads, long SizeInBytes);

/// <summary>
/// Built indexes, by what they follow from: base rows, metric, parameters, threads, and what built them. An <c>.ann</c> file follows from
/// the engine's very assembly.
/// </summary>
internal sealed class PeerCache(ToolContext tool, PeersRequest request)
{
    private readonly string _data = DataName(tool, request);

    /// <summary>Where an index is, or will be.</summary>
    /// <param name="engine">Whose.</param>
    /// <param name="threads">Of the build.</param>
    /// <param name="maker">Version of what builds it.</param>
    public string PathOf(PeerEngine engine, int threads, string maker)
    {
        string stem = $"{engine.IndexName}-{_data}-m{request.M}-efc{request.EfConstruction}-t{threads}";
        if (!engine.IsOurs)
            return Path.Combine(request.Cache, $"{stem}-{Name(maker)}.index");
        string own = Path.Combine(request.Cache, $"{stem}-{typeof(SealedSegment).Module.ModuleVersionId:N}"[..^16] + ".ann");
        if (request.ReuseAnn && !tool.Files.FileExists(own))
        {
            IReadOnlyList<string> others = tool.Files.ListFiles(request.Cache, stem + "-*.ann");
            return others.Count > 0 ? others[^1] : own;
        }
        return own;
    }

    /// <summary>What is known of an index; null when it is not there.</summary>
    public BuildNote? Find(string path)
    {
        if (!tool.Files.FileExists(path) || !tool.Files.FileExists(NotePath(path)))
            return null;
        using Stream stream = tool.Files.OpenRead(NotePath(path));
        return JsonSerializer.Deserialize(stream, BenchJson.Default.BuildNote);
    }

    /// <summary>Notes a build that is done.</summary>
    public BuildNote Keep(string path, double seconds, int threads)
    {
        long size;
        using (Stream stream = tool.Files.OpenRead(path))
            size = stream.Length;
        BuildNote note = new(seconds, threads, size);
        using Stream target = tool.Files.Create(NotePath(path));
        target.Write(JsonSerializer.SerializeToUtf8Bytes(note, BenchJson.Default.BuildNote));
        return note;
    }

    private static string NotePath(string path) => path + ".json";

    private static string DataName(ToolContext tool, PeersRequest request)
    {
        XxHash3 hash = new();
        hash.Append(UTF8.GetBytes(Path.GetExtension(request.Base)));
        using Stream stream = tool.Files.OpenRead(request.Base);
        hash.Append(stream);
        return $"{request.Metric}-{hash.GetCurrentHashAsUInt64().ToString("x16", CultureInfo.InvariantCulture)}";
    }

    /// <summary>A version as a part of a file's name.</summary>
    private static string Name(string version) => string.Concat(version.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '.'));
}
