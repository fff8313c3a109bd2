using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ann.Core.Exclusions;
using Ann.Core.Files;
using Ann.Core.Releases;

namespace Ann.Core.Indexes;

/// <summary>A file of a copy.</summary>
/// <param name="Name">Name in the directory.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Hash">XxHash3, 16 hex digits.</param>
internal sealed record CopiedFile(string Name, long Length, string Hash);

/// <summary>What a copy holds; written last, so a copy without it is not whole.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="LogPosition">The last write in it.</param>
/// <param name="Files">Every file, the manifest last.</param>
internal sealed record CopyList(string Index, long LogPosition, IReadOnlyList<CopiedFile> Files);

/// <summary>
/// Copies a live index while it serves, and puts copies back. A copy is the directory as a crash at that moment would have left it: the
/// manifest, the files that it names, the log up to there; with a list of hashes.
/// </summary>
internal static class SnapshotDirectory
{
    /// <summary>The list of a copy.</summary>
    public const string ListFile = "SNAPSHOT";

    private const string ManifestCopy = ManifestFile.FileName + ".copy";

    private const int MaxListBytes = 16 << 20;

    /// <summary>Copies a live index.</summary>
    internal static async Task<long> WriteAsync(
        LiveState state, IndexWriter writer, ItemSets sets, string directory, CancellationToken cancellation)
    {
        long setBytes = await sets.PinAsync();
        try
        {
            return await WriteAsync(state, writer, setBytes, directory, cancellation);
        }
        finally
        {
            sets.Unpin();
        }
    }

    private static async Task<long> WriteAsync(
        LiveState state, IndexWriter writer, long setBytes, string directory, CancellationToken cancellation)
    {
        IFileSystem files = state.Home.Files;
        List<(string Name, long Length)> wanted = [];
        List<string> pinned = [];
        long position = 0;
        await writer.RunAsync(() =>
        {
            RequireEmpty(files, directory); // here, so that two copies to one directory do not both find it empty
            IndexCheckpoint.Write(state);
            files.CreateDirectory(directory);
            // The next manifest may name other files; this one is the copy's.
            string manifest = state.Home.PathOf(ManifestFile.FileName);
            FileCopy.Run(files, manifest, Path.Combine(directory, ManifestCopy), long.MaxValue, cancellation);
            foreach (Generation generation in state.Generations)
            {
                pinned.AddRange(generation.Files);
                CarriedEncoder? encoder = generation.Encoder?.Carried;
                foreach (string name in generation.Files.Where(name => name != encoder?.Directory).Concat(encoder?.Paths ?? []))
                    wanted.Add((name, long.MaxValue));
            }
            foreach ((string path, long length) in state.Wal.Files)
                Want(Path.GetFileName(path), length);
            if (setBytes > 0)
                Want(SetLog.FileName, setBytes);
            foreach (string name in pinned)
                state.Pinned[name] = state.Pinned.GetValueOrDefault(name) + 1; // last: whoever pins gets to the end that unpins
            position = state.LastSequence;

            void Want(string name, long length)
            {
                pinned.Add(name);
                wanted.Add((name, length));
            }
        });
        try
        {
            await Task.Run(() => Copy(state, directory, wanted, position, cancellation), cancellation);
            return position;
        }
        catch (Exception e)
        {
            Empty(files, directory);
            if (e is IOException refused)
                throw AnnException.DiskRefused(refused);
            throw;
        }
        finally
        {
            await writer.RunAsync(() => Unpin(state, pinned));
        }
    }

    /// <summary>Puts a copy back as an index that is not open. Every hash is checked; the manifest comes last.</summary>
    /// <param name="files">Where both directories are.</param>
    /// <param name="from">A copy.</param>
    /// <param name="to">The index's directory: must not exist or be empty.</param>
    /// <param name="cancellation">Ends it early; what is there then is no index.</param>
    /// <returns>The last write that the index holds.</returns>
    /// <exception cref="AnnException">
    /// NotFound: no copy there. Corrupt: a file is not what the list says; names it. AlreadyExists: the directory holds something.
    /// </exception>
    public static long Restore(IFileSystem files, string from, string to, CancellationToken cancellation = default)
    {
        CopyList list = ReadList(files, from);
        RequireEmpty(files, to);
        bool existed = files.DirectoryExists(to);
        files.CreateDirectory(to);
        try
        {
            PutBack(files, list, from, to, cancellation);
            return list.LogPosition;
        }
        catch
        {
            Empty(files, to);
            if (!existed)
                files.DeleteDirectory(to);
            throw;
        }
    }

    private static void PutBack(IFileSystem files, CopyList list, string from, string to, CancellationToken cancellation)
    {
        CreateDirectories(files, to, list.Files.Select(static file => file.Name));
        foreach (CopiedFile file in list.Files)
        {
            string source = Path.Combine(from, file.Name);
            if (!files.FileExists(source))
                throw AnnException.Corrupt(source, "file", 0, $"the list of the copy in {ListFile} names it, and it is missing.");
            string target = Path.Combine(to, file.Name);
            bool isManifest = file.Name == ManifestFile.FileName;
            string written = isManifest ? target + ".partial" : target;
            string hash = Hex(FileCopy.Run(files, source, written, long.MaxValue, cancellation));
            if (hash != file.Hash)
            {
                files.Delete(written);
                throw AnnException.Corrupt(source, "file", 0, $"its hash is {hash}; the list of the copy says {file.Hash}.");
            }
            if (isManifest)
                files.Replace(written, target);
        }
        files.FlushDirectory(to);
        FlushName(files, to);
    }

    private static void Copy(
        LiveState state, string directory, List<(string Name, long Length)> wanted, long position, CancellationToken cancellation)
    {
        IFileSystem files = state.Home.Files;
        List<CopiedFile> copied = [];
        CreateDirectories(files, directory, wanted.Select(static file => file.Name));
        foreach ((string name, long length) in wanted)
        {
            string target = Path.Combine(directory, name);
            string hash = Hex(FileCopy.Run(files, state.Home.PathOf(name), target, length, cancellation));
            copied.Add(new CopiedFile(name, LengthOf(files, target), hash));
        }

        string manifest = Path.Combine(directory, ManifestFile.FileName);
        // Flushed before the list is there: the list says that all of them are.
        files.Replace(Path.Combine(directory, ManifestCopy), manifest);
        files.FlushDirectory(directory);
        using (Stream stream = files.OpenRead(manifest))
        {
            XxHash3 hash = new();
            hash.Append(stream);
            copied.Add(new CopiedFile(ManifestFile.FileName, stream.Length, Hex(hash.GetCurrentHashAsUInt64())));
        }

        using AtomicFile list = new(files, Path.Combine(directory, ListFile));
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(new CopyList(state.Home.Name, position, copied), CopyJson.Default.CopyList);
        list.Stream.Write(Encoding.ASCII.GetBytes(Hex(XxHash3.HashToUInt64(json)) + "\n"));
        list.Stream.Write(json);
        list.Commit();
        FlushName(files, directory);
    }

    private static CopyList ReadList(IFileSystem files, string directory)
    {
        string path = Path.Combine(directory, ListFile);
        if (!files.FileExists(path))
            throw new AnnException(AnnError.NotFound, $"{path}: no such file; {directory} holds no whole copy of an index.");
        using Stream stream = RegularFile.OpenRead(files, path);
        if (stream.Length is < 18 or > MaxListBytes)
            throw AnnException.Corrupt(path, "list", 0, $"it has {stream.Length} bytes; 18 to {MaxListBytes} were expected.");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        string expected = Encoding.ASCII.GetString(bytes.AsSpan(0, 16));
        string found = Hex(XxHash3.HashToUInt64(bytes.AsSpan(17)));
        if (expected != found)
            throw AnnException.Corrupt(path, "list", 0, $"its hash is {found}; its first line says {expected}.");
        CopyList? list;
        try
        {
            list = JsonSerializer.Deserialize(bytes.AsSpan(17), CopyJson.Default.CopyList);
        }
        catch (JsonException e)
        {
            throw AnnException.Corrupt(path, "list", 17, e.Message);
        }
        return list is not null && IsSound(list)
            ? list
            : throw AnnException.Corrupt(path, "list", 17, "it must name plain files, each once, the manifest last.");
    }

    /// <summary>Whatever a member may be in a list that somebody else wrote.</summary>
    private static bool IsSound(CopyList list) =>
        list is { Index: not null, LogPosition: >= 0 and <= Manifest.MostNumber, Files.Count: > 0 }
            && list.Files.All(static file => file is { Name.Length: > 0, Length: >= 0, Hash: not null }
                && (Path.GetFileName(file.Name) == file.Name && !file.Name.StartsWith('.') || IsOfEncoder(file.Name)))
            && list.Files[^1].Name == ManifestFile.FileName
            && list.Files.DistinctBy(static file => file.Name, StringComparer.Ordinal).Count() == list.Files.Count;

    /// <summary>A directory survives a power cut when the one that names it was flushed.</summary>
    private static void FlushName(IFileSystem files, string directory)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(directory)) is { } parent)
            files.FlushDirectory(parent);
    }

    private static void RequireEmpty(IFileSystem files, string directory)
    {
        if (files.DirectoryExists(directory)
            && (files.ListFiles(directory, "*").Count > 0 || files.ListDirectories(directory).Count > 0))
        {
            throw new AnnException(AnnError.AlreadyExists, $"{directory}: it is not empty.");
        }
    }

    /// <summary>True for a file of an encoder: below a directory of its own, and nowhere else.</summary>
    private static bool IsOfEncoder(string name) =>
        name.Contains('/', StringComparison.Ordinal) && CarriedEncoder.IsNameOfDirectory(name) && ReleasedFile.NameFault(name) is null;

    /// <summary>Makes the directories of the encoders among some files.</summary>
    private static void CreateDirectories(IFileSystem files, string directory, IEnumerable<string> names)
    {
        string[] below = [.. names.Where(static name => name.Contains('/', StringComparison.Ordinal))];
        if (below.Length > 0)
            DirectoryTree.Create(files, directory, below);
    }

    private static void Empty(IFileSystem files, string directory)
    {
        foreach (string path in files.ListFiles(directory, "*"))
            files.Delete(path);
        foreach (string path in files.ListDirectories(directory))
            DirectoryTree.Delete(files, path);
    }

    private static void Unpin(LiveState state, List<string> files)
    {
        foreach (string name in files)
        {
            if (--state.Pinned[name] == 0)
                state.Pinned.Remove(name);
        }
    }

    private static long LengthOf(IFileSystem files, string path)
    {
        using Stream stream = files.OpenRead(path);
        return stream.Length;
    }

    private static string Hex(ulong hash) => hash.ToString("x16", CultureInfo.InvariantCulture);
}

/// <summary>The list of a copy as JSON.</summary>
[JsonSerializable(typeof(CopyList))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
internal sealed partial class CopyJson : JsonSerializerContext;
