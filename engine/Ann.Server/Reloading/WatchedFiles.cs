using System.Security.Cryptography;
using Ann.Core;
using Ann.Core.Files;

namespace Ann.Server.Reloading;

/// <summary>
/// Files of the operator that are read at the start and again when they change: certificates, keys, roles. What cannot be used is told
/// once, and what there was before stays.
/// </summary>
/// <remarks>
/// They are looked at, not watched: a notification does not come for every way to replace a file, as by the links that a Kubernetes secret
/// is made of. A change is taken when two looks in a row see the same bytes, so no file is read while it is written, nor a certificate
/// before its key has followed.
/// </remarks>
internal sealed partial class WatchedFiles : IDisposable
{
    /// <summary>Longest file, bytes: room for some ten thousand API keys.</summary>
    public const int MostBytes = 16 << 20;

    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private readonly IFileSystem _files;
    private readonly ILogger<WatchedFiles> _log;
    private readonly ITimer _timer;
    private readonly Lock _looking = new();
    private readonly List<Watched> _watched = [];

    public WatchedFiles(IFileSystem files, TimeProvider time, ILogger<WatchedFiles> log)
    {
        _files = files;
        _log = log;
        _timer = time.CreateTimer(static state => ((WatchedFiles)state!).LookUnlessLooking(), this, Period, Period);
    }

    /// <summary>Told of what was read again, and of what could not be used and why.</summary>
    public Action<string, string?>? Told { get; set; }

    /// <summary>Reads files that belong together, and from now on whenever one of them has changed.</summary>
    /// <param name="what">What they are, for the log.</param>
    /// <param name="paths">The files.</param>
    /// <param name="take">Reads their contents and takes them; throws where they cannot be used, and has changed nothing then.</param>
    /// <exception cref="AnnException">They cannot be read or used.</exception>
    public void Add(string what, IReadOnlyList<string> paths, Action<IReadOnlyList<byte[]>> take)
    {
        byte[][] contents = Read(paths);
        take(contents);
        lock (_looking)
            _watched.Add(new Watched(what, paths, take) { Taken = HashOf(contents) });
    }

    /// <summary>Looks at all of them.</summary>
    public void Look()
    {
        lock (_looking)
        {
            foreach (Watched one in _watched)
                Look(one);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    /// <summary>A look that takes longer than the time between two is not joined by the next one.</summary>
    private void LookUnlessLooking()
    {
        if (!_looking.TryEnter())
            return;
        try
        {
            Look();
        }
        finally
        {
            _looking.Exit();
        }
    }

    private void Look(Watched one)
    {
        string? hash = null;
        try
        {
            byte[][] contents = Read(one.Paths);
            hash = HashOf(contents);
            if (hash != one.Seen || hash == one.Taken || hash == one.Refused)
                return;
            one.Take(contents);
            one.Taken = hash;
            one.Refused = null;
            Reloaded(one.What, one.Files);
            Told?.Invoke(one.What, null);
        }
        catch (Exception e) when (e is AnnException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            hash ??= e.Message; // of what cannot even be read the reason stands for the content
            if (hash == one.Seen && hash != one.Refused)
            {
                one.Refused = hash;
                Kept(one.What, one.Files, e.Message);
                Told?.Invoke(one.What, e.Message);
            }
        }
        finally
        {
            if (hash == one.Taken)
                one.Refused = null;
            one.Seen = hash;
        }
    }

    private byte[][] Read(IReadOnlyList<string> paths) =>
        [.. paths.Select(path => WholeFile.Read(_files, path, "file", MostBytes))];

    private static string HashOf(byte[][] contents) =>
        string.Concat(contents.Select(static content => Convert.ToHexString(SHA256.HashData(content))));

    [LoggerMessage(EventId = 90, Level = LogLevel.Information, Message = "{What} was read again, as {Files} changed.")]
    private partial void Reloaded(string what, string files);

    [LoggerMessage(EventId = 91, Level = LogLevel.Error,
        Message = "{What} stays what it was: {Files} changed, and cannot be used. {Reason}")]
    private partial void Kept(string what, string files, string reason);

    private sealed class Watched(string what, IReadOnlyList<string> paths, Action<IReadOnlyList<byte[]>> take)
    {
        public string What => what;

        public IReadOnlyList<string> Paths => paths;

        public string Files { get; } = string.Join(", ", paths);

        public Action<IReadOnlyList<byte[]>> Take => take;

        /// <summary>Hash of what is in use.</summary>
        public string? Taken { get; set; }

        /// <summary>Hash of what the last look saw.</summary>
        public string? Seen { get; set; }

        /// <summary>Hash of what could not be used, which was told.</summary>
        public string? Refused { get; set; }
    }
}
