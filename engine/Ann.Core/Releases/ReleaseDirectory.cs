using System.Globalization;
using System.IO.Hashing;
using System.Text.Json;
using Ann.Core.Files;

namespace Ann.Core.Releases;

/// <summary>
/// A release on disk: a directory with an index file, the files of an encoder, rows that are known, and a list of them all, which is
/// written last: a directory without it is no release.
/// </summary>
internal static class ReleaseDirectory
{
    /// <summary>The list.</summary>
    public const string ListFile = "release.json";

    /// <summary>The index.</summary>
    public const string IndexFile = "index.ann";

    /// <summary>Directory of the encoder of the queries.</summary>
    public const string EncoderDirectory = "query-encoder";

    /// <summary>Queries whose vectors and nearest items are known.</summary>
    public const string GoldenFile = "golden.json";

    /// <summary>What the name of a release may end with; an index that is hosted from it is named without.</summary>
    public const string Extension = ".release";

    /// <summary>Files of a release at most.</summary>
    public const int MostFiles = 4096;

    private const string Section = "release";
    private const int MaxListBytes = 4 << 20;

    /// <summary>True when a directory is a release.</summary>
    public static bool Exists(IFileSystem files, string directory) => files.IsRegularFile(Path.Combine(directory, ListFile));

    /// <summary>Where a file of a release lies.</summary>
    public static string PathOf(string directory, string name) => Path.Combine([directory, .. name.Split('/')]);

    /// <summary>Reads and checks the list of a release. The files that it names are not looked at.</summary>
    /// <exception cref="AnnException">
    /// NotFound: there is none. Corrupt: it is damaged, or names what no release may. InvalidArgument: of another version.
    /// </exception>
    public static Release Read(IFileSystem files, string directory)
    {
        string path = Path.Combine(directory, ListFile);
        byte[] bytes = WholeFile.Read(files, path, Section, MaxListBytes);
        try
        {
            Release release = JsonSerializer.Deserialize(bytes, ReleaseJson.Default.Release)
                ?? throw AnnException.Corrupt(path, Section, 0, "an object was expected; found null.");
            if (release.Version != Release.CurrentVersion)
            {
                throw AnnException.BadInput(
                    path, "ann_release", $"version {release.Version}; this build reads version {Release.CurrentVersion}.");
            }
            return release.Fault() is string fault ? throw AnnException.Corrupt(path, Section, 0, fault) : release;
        }
        catch (JsonException e)
        {
            throw new AnnException(AnnError.Corrupt, $"{path}: line {(e.LineNumber ?? 0) + 1}: {e.Path ?? "$"}: {e.Message}", e);
        }
    }

    /// <summary>Writes the list of a release, whose files are there. It appears whole or not at all.</summary>
    public static void Write(IFileSystem files, string directory, Release release)
    {
        if (release.Fault() is string fault)
            throw new ArgumentException(fault, nameof(release));
        using AtomicFile file = new(files, Path.Combine(directory, ListFile));
        file.Stream.Write(JsonSerializer.SerializeToUtf8Bytes(release, ReleaseJson.Default.Release));
        file.Stream.WriteByte((byte)'\n');
        file.Commit();
        if (Path.GetDirectoryName(Path.GetFullPath(directory)) is { } parent)
            files.FlushDirectory(parent);
    }

    /// <summary>A file that is there, as the list names it.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="directory">The release.</param>
    /// <param name="name">Its path in it.</param>
    /// <exception cref="AnnException">NotFound; InvalidArgument: no regular file.</exception>
    public static ReleasedFile Describe(IFileSystem files, string directory, string name)
    {
        using Stream stream = RegularFile.OpenRead(files, PathOf(directory, name));
        XxHash3 hash = new();
        hash.Append(stream);
        return new ReleasedFile(name, stream.Length, Hex(hash.GetCurrentHashAsUInt64()));
    }

    /// <summary>Refuses a file that is not what the list says.</summary>
    /// <exception cref="AnnException">Corrupt: it is missing, or another; names what was expected and what was found.</exception>
    public static void RequireSound(IFileSystem files, string directory, ReleasedFile expected)
    {
        RequireThere(files, directory, expected);
        RequireSame(directory, expected, Describe(files, directory, expected.Name));
    }

    /// <summary>Copies a file out of a release, and refuses one that is not what the list says.</summary>
    /// <param name="files">Where both are.</param>
    /// <param name="directory">The release.</param>
    /// <param name="expected">The file.</param>
    /// <param name="target">Where it goes. Its directory must exist. Nothing of a file that is refused appears there.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="AnnException">Corrupt: it is missing, or another.</exception>
    public static void Copy(
        IFileSystem files, string directory, ReleasedFile expected, string target, CancellationToken cancellation)
    {
        RequireThere(files, directory, expected);
        string hash = Hex(FileCopy.Run(files, PathOf(directory, expected.Name), target, long.MaxValue, cancellation));
        try
        {
            using Stream copy = files.OpenRead(target);
            RequireSame(directory, expected, new ReleasedFile(expected.Name, copy.Length, hash));
        }
        catch
        {
            files.Delete(target);
            throw;
        }
    }

    private static void RequireThere(IFileSystem files, string directory, ReleasedFile expected)
    {
        string path = PathOf(directory, expected.Name);
        if (!files.FileExists(path))
            throw AnnException.Corrupt(path, Section, 0, $"{ListFile} names it, and it is missing.");
    }

    private static void RequireSame(string directory, ReleasedFile expected, ReleasedFile found)
    {
        if (found == expected)
            return;
        throw AnnException.Corrupt(
            PathOf(directory, expected.Name), Section, 0,
            $"it has {found.Bytes} bytes and the hash {found.Hash}; {ListFile} says {expected.Bytes} and {expected.Hash}.");
    }

    private static string Hex(ulong hash) => hash.ToString("x16", CultureInfo.InvariantCulture);
}
