using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Encoding;
using Microsoft.Extensions.Options;

namespace Ann.Server.Encoders;

/// <summary>
/// Runs the encoders that generations and releases bring along, with the server's own options. Each that is opened is proven by its
/// fingerprint; of those with one fingerprint one runs.
/// </summary>
internal sealed partial class ReleasedEncoders(
    EncoderCatalog catalog, IOptions<ServerOptions> options, ILogger<ReleasedEncoders> log) : IGenerationEncoders
{
    private readonly Lock _changing = new();
    private readonly Dictionary<ulong, LoadedEncoder> _running = [];

    public GenerationEncoder Open(
        IFileSystem files, string directory, SnapshotEncoder expected, int dimension, MemoryBudget budget)
    {
        long bytes = DirectoryTree.Files(files, directory).Sum(name => LengthOf(files, Path.Combine(directory, name)));
        budget.Take(bytes, $"encoder {expected}");
        LoadedEncoder? opened = null;
        try
        {
            opened = Open(files, directory, () => budget.Return(bytes));
            Require(opened.Served.Info, directory, expected, dimension);
        }
        catch
        {
            if (opened is not null)
                opened.Release();
            else
                budget.Return(bytes);
            throw;
        }
        LoadedEncoder running = Share(opened);
        if (running == opened)
        {
            EncoderInfo info = running.Served.Info;
            EncoderRuns(info.Name, info.FingerprintText, info.Dimension, info.Provider, bytes);
            foreach (string notice in info.Notices)
                EncoderNotice(info.Name, notice);
        }
        return running;
    }

    private LoadedEncoder Open(IFileSystem files, string directory, Action returnBytes)
    {
        ServedEncoder served = ServedEncoder.Open(files, directory, EncoderCatalog.HowTo(options.Value, EncoderNotice));
        try
        {
            catalog.Serve(served, options.Value);
        }
        catch
        {
            served.Dispose();
            throw;
        }
        return new LoadedEncoder(served, Closed);

        void Closed(LoadedEncoder encoder)
        {
            lock (_changing)
                if (_running.GetValueOrDefault(encoder.Fingerprint) == encoder)
                    _running.Remove(encoder.Fingerprint);
            returnBytes();
        }
    }

    /// <summary>The one that runs already, held once more, in the place of another of its fingerprint, which is closed.</summary>
    private LoadedEncoder Share(LoadedEncoder opened)
    {
        lock (_changing)
        {
            if (!_running.TryGetValue(opened.Fingerprint, out LoadedEncoder? running) || !running.TryHold())
            {
                _running[opened.Fingerprint] = opened;
                return opened;
            }
            opened.Release();
            return running;
        }
    }

    private static void Require(EncoderInfo found, string directory, SnapshotEncoder expected, int dimension)
    {
        if (found.Fingerprint != expected.Fingerprint)
        {
            throw AnnException.Corrupt(
                directory, "encoder", 0,
                $"its fingerprint is {found.FingerprintText}; the generation takes queries of encoder {expected}.");
        }
        if (found.Dimension != dimension)
        {
            throw AnnException.BadInput(
                directory, "", $"it makes vectors of dimension {found.Dimension}; the index has {dimension}.");
        }
    }

    private static long LengthOf(IFileSystem files, string path)
    {
        using Stream stream = files.OpenRead(path);
        return stream.Length;
    }

    [LoggerMessage(EventId = 25, Level = LogLevel.Information,
        Message = "Encoder {Name} ({Fingerprint}) of a release runs: dimension {Dimension}, provider {Provider}, {Bytes} bytes of files.")]
    private partial void EncoderRuns(string name, string fingerprint, int dimension, string provider, long bytes);

    [LoggerMessage(EventId = 26, Level = LogLevel.Warning, Message = "Encoder {Name} of a release: {Notice}")]
    private partial void EncoderNotice(string name, string notice);
}
