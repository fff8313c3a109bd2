using System.IO.Enumeration;
using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Files;

namespace Ann.Tests.Files;

/// <summary>What is done to a simulated file system. All but <see cref="Read"/> change it and are counted.</summary>
public enum SimulatedOperation
{
    CreateDirectory,
    DeleteDirectory,
    CreateFile,
    Write,
    Truncate,
    Flush,
    FlushDirectory,
    Rename,
    Delete,
    Read,
}

/// <summary>The power is cut: from here on every operation throws this.</summary>
internal sealed class SimulatedCrashException(string what) : Exception($"simulated crash at {what}");

/// <summary>
/// Files in memory that lose what a power cut loses: contents and names are safe only once they were flushed. It can crash at any
/// operation, run out of room, and fail. <see cref="Recover"/> gives what a new process finds.
/// </summary>
/// <remarks>
/// The model is the least that POSIX promises. Writes to a file reach the device in order, the last one perhaps torn; each creation,
/// rename and deletion reaches it or does not, by itself; a flush of a file does not flush its name. All paths are written with '/' and
/// without dots. May be used from several threads.
/// </remarks>
internal sealed class SimulatedFileSystem : IFileSystem
{
    private const int DiskFull = 28;
    private const int DeviceFailed = 5;
    private const int ReadOnlyFileSystem = 30;

    private readonly Lock _gate = new();
    private readonly SimulatedEntries _entries;
    private readonly HashSet<string> _locked = new(StringComparer.Ordinal);
    private readonly List<ArmedFault> _faults = [];
    private long _crashAt = long.MaxValue;

    public SimulatedFileSystem()
        : this(new SimulatedEntries())
    {
    }

    private SimulatedFileSystem(SimulatedEntries entries) => _entries = entries;

    /// <summary>Operations so far that changed something, the one that crashed counted.</summary>
    public long Operations { get; private set; }

    /// <summary>What they were, in order.</summary>
    public List<(SimulatedOperation Operation, string Path)> Trace { get; } = [];

    /// <summary>Called on the thread of each operation that changes something, before it. Null: nobody is told.</summary>
    public Action? Turn { get; set; }

    /// <summary>True once it crashed.</summary>
    public bool HasCrashed { get; private set; }

    /// <summary>Mounted read-only: every operation that changes something fails.</summary>
    public bool IsReadOnly { get; set; }

    /// <summary>Bytes that may still be written; grows when files shrink or go. A write that does not fit writes what does.</summary>
    public long FreeBytes { get; set; } = long.MaxValue / 2;

    /// <summary>Paths of all files, in order.</summary>
    public IReadOnlyList<string> AllFiles
    {
        get
        {
            lock (_gate)
                return [.. _entries.Now.Where(pair => pair.Value is not null).Select(pair => pair.Key).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>The power goes at an operation, counted from 1: it may have happened, may have happened in part, or not.</summary>
    public void CrashAt(long operation) => _crashAt = operation;

    /// <summary>Lets the n-th operation of a kind from now on fail once with an input/output error.</summary>
    /// <param name="operation">The kind.</param>
    /// <param name="count">1 for the next one.</param>
    /// <param name="suffix">Only operations on paths that end so.</param>
    public void FailAt(SimulatedOperation operation, int count, string suffix = "")
    {
        lock (_gate)
            _faults.Add(new ArmedFault(operation, suffix) { Left = count });
    }

    /// <summary>
    /// What a new process finds after a power cut now. The seed decides what of that which was not flushed is lost, kept or torn: with 0
    /// all is lost, with 1 all is kept, as when only the process is killed. This file system stays as it is.
    /// </summary>
    public SimulatedFileSystem Recover(int seed)
    {
        lock (_gate)
            return new SimulatedFileSystem(_entries.Recover(new Fate(seed)));
    }

    /// <summary>The bytes of a file as programs see it.</summary>
    public byte[] ReadAllBytes(string path)
    {
        lock (_gate)
            return Find(path).Content.ToArray();
    }

    /// <summary>Puts a file there, flushed, without counting.</summary>
    public void Put(string path, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            SimulatedNode node = new();
            node.Write(0, bytes);
            node.Flush();
            _entries.Add(path, node);
            _entries.Flush(SimulatedEntries.DirectoryOf(path));
        }
    }

    public bool FileExists(string path) => Look(() => _entries.Now.TryGetValue(path, out SimulatedNode? node) && node is not null);

    public bool IsRegularFile(string path) => FileExists(path);

    public bool DirectoryExists(string path) => Look(() => IsDirectory(path));

    public IReadOnlyList<string> ListFiles(string directory, string pattern) => Look(() => List(directory, isFile: true, pattern));

    public IReadOnlyList<string> ListDirectories(string directory) => Look(() => List(directory, isFile: false, "*"));

    public void CreateDirectory(string path)
    {
        if (DirectoryExists(path))
            return;
        if (SimulatedEntries.DirectoryOf(path) is { Length: > 0 } parent)
            CreateDirectory(parent);
        Do(SimulatedOperation.CreateDirectory, path, () => _entries.Add(path, null));
    }

    public void DeleteDirectory(string path)
    {
        if (!DirectoryExists(path))
            return;
        if (ListFiles(path, "*").Count + ListDirectories(path).Count > 0)
            throw new IOException($"Directory not empty : '{path}'");
        Do(SimulatedOperation.DeleteDirectory, path, () => _entries.Remove(path));
    }

    public Stream OpenRead(string path) => Look(() => new SimulatedReadStream(this, path, Find(path).Content));

    public Stream Create(string path)
    {
        SimulatedNode? node = null;
        Do(SimulatedOperation.CreateFile, path, () =>
        {
            node = FindOrAdd(path);
            FreeBytes += node.Length;
            node.Truncate(0);
        });
        return new SimulatedStream(this, path, node!);
    }

    public Stream OpenWrite(string path)
    {
        if (!FileExists(path))
            Do(SimulatedOperation.CreateFile, path, () => FindOrAdd(path));
        return Look(() => new SimulatedStream(this, path, Find(path)));
    }

    public IAppendFile OpenAppend(string path)
    {
        if (!FileExists(path))
            Do(SimulatedOperation.CreateFile, path, () => FindOrAdd(path));
        return Look(() => new SimulatedAppendFile(this, path, Find(path)));
    }

    public void Flush(Stream stream)
    {
        SimulatedStream simulated = (SimulatedStream)stream;
        FlushNode(simulated.Path, simulated.Node);
    }

    public void Replace(string source, string target) => Do(SimulatedOperation.Rename, target, () =>
    {
        if (!_entries.Now.ContainsKey(source))
            throw new FileNotFoundException($"Could not find file '{source}'.");
        GiveBack(target);
        _entries.Rename(source, target);
    });

    public void RenameDirectory(string source, string target) => Do(
        SimulatedOperation.Rename, target, () => _entries.RenameTree(source, target));

    public void Delete(string path)
    {
        if (FileExists(path))
            Do(SimulatedOperation.Delete, path, () =>
            {
                GiveBack(path);
                _entries.Remove(path);
            });
    }

    public bool IsDevice(string path) => false;

    public unsafe FileMapping Map(string path)
    {
        ReadOnlyMemory<byte> content = Look(() =>
        {
            Fail(SimulatedOperation.Read, path);
            return Find(path).Content;
        });
        NativeBlock block = new(content.Length);
        content.Span.CopyTo(new Span<byte>(block.Start, content.Length));
        return new FileMapping(block);
    }

    public void FlushDirectory(string path) => Do(SimulatedOperation.FlushDirectory, path, () =>
    {
        if (!IsDirectory(path))
            throw new DirectoryNotFoundException($"Could not find a part of the path '{path}'.");
        if (!HasCrashed)
            _entries.Flush(path);
    });

    public IDisposable Lock(string path)
    {
        if (!FileExists(path))
            Do(SimulatedOperation.CreateFile, path, () => FindOrAdd(path));
        return Look(() => _locked.Add(path)
            ? new HeldLock(this, path)
            : throw new AnnException(AnnError.FailedPrecondition, $"{path}: another process has the index open."));
    }

    public IDisposable LockToRead(string path) => Look(() => _locked.Add(path)
        ? new HeldLock(this, path)
        : throw new AnnException(AnnError.FailedPrecondition, $"{path}: another process has the index open."));

    public bool IsWritable(string directory) => Look(() => !IsReadOnly);

    internal void Write(string path, SimulatedNode node, int offset, ReadOnlySpan<byte> bytes)
    {
        Turn?.Invoke();
        lock (_gate)
        {
            Begin(SimulatedOperation.Write, path);
            int fits = (int)Math.Min(bytes.Length, FreeBytes);
            int before = node.Length;
            node.Write(offset, bytes[..fits]);
            FreeBytes -= node.Length - before;
            End(SimulatedOperation.Write, path);
            if (fits < bytes.Length)
                throw new IOException($"No space left on device : '{path}'", DiskFull);
        }
    }

    internal void Truncate(string path, SimulatedNode node, long length) => Do(SimulatedOperation.Truncate, path, () =>
    {
        FreeBytes += node.Length - length;
        node.Truncate((int)length);
    });

    internal void FlushNode(string path, SimulatedNode node)
    {
        try
        {
            Do(SimulatedOperation.Flush, path, () =>
            {
                if (!HasCrashed)
                    node.Flush();
            });
        }
        catch (IOException)
        {
            node.FailFlush();
            throw;
        }
    }

    internal void Reading(string path)
    {
        lock (_gate)
        {
            ThrowIfCrashed(path);
            Fail(SimulatedOperation.Read, path);
        }
    }

    private T Look<T>(Func<T> look)
    {
        lock (_gate)
        {
            ThrowIfCrashed("a look");
            return look();
        }
    }

    private void Do(SimulatedOperation operation, string path, Action change)
    {
        Turn?.Invoke();
        lock (_gate)
        {
            Begin(operation, path);
            change();
            End(operation, path);
        }
    }

    /// <summary>Counts. At the crash the change is still made, unflushed: whether it happened is up to the recovery.</summary>
    private void Begin(SimulatedOperation operation, string path)
    {
        ThrowIfCrashed(path);
        Operations++;
        Trace.Add((operation, path));
        HasCrashed = Operations >= _crashAt;
        if (IsReadOnly)
            throw new IOException($"Read-only file system : '{path}'", ReadOnlyFileSystem);
        if (!HasCrashed)
            Fail(operation, path);
    }

    private void End(SimulatedOperation operation, string path)
    {
        if (HasCrashed)
            throw new SimulatedCrashException($"operation {Operations}, {operation} {path}");
    }

    private void ThrowIfCrashed(string what)
    {
        if (HasCrashed)
            throw new SimulatedCrashException(what);
    }

    private void Fail(SimulatedOperation operation, string path)
    {
        foreach (ArmedFault fault in _faults)
            if (fault.Operation == operation && path.EndsWith(fault.Suffix, StringComparison.Ordinal) && --fault.Left == 0)
                throw new IOException($"Input/output error : '{path}'", DeviceFailed);
    }

    private bool IsDirectory(string path) => path is "" or "/" || (_entries.Now.TryGetValue(path, out SimulatedNode? node) && node is null);

    private string[] List(string directory, bool isFile, string pattern) => IsDirectory(directory)
        ? [.. _entries.Now.Where(pair => pair.Value is not null == isFile && SimulatedEntries.DirectoryOf(pair.Key) == directory
                && FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(pair.Key), ignoreCase: false))
            .Select(pair => pair.Key).Order(StringComparer.Ordinal)]
        : throw new DirectoryNotFoundException($"Could not find a part of the path '{directory}'.");

    private SimulatedNode Find(string path) => _entries.Now.TryGetValue(path, out SimulatedNode? node) && node is not null
        ? node
        : throw new AnnException(AnnError.NotFound, $"{path}: no such file.");

    private SimulatedNode FindOrAdd(string path)
    {
        if (_entries.Now.TryGetValue(path, out SimulatedNode? found) && found is not null)
            return found;
        if (!IsDirectory(SimulatedEntries.DirectoryOf(path)))
            throw new DirectoryNotFoundException($"Could not find a part of the path '{path}'.");
        SimulatedNode node = new();
        _entries.Add(path, node);
        return node;
    }

    private void GiveBack(string path)
    {
        if (_entries.Now.TryGetValue(path, out SimulatedNode? node) && node is not null)
            FreeBytes += node.Length;
    }

    private sealed class HeldLock(SimulatedFileSystem files, string path) : IDisposable
    {
        public void Dispose()
        {
            lock (files._gate)
                files._locked.Remove(path);
        }
    }

    private sealed record ArmedFault(SimulatedOperation Operation, string Suffix)
    {
        public int Left { get; set; }
    }
}
