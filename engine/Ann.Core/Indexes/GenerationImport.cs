using Ann.Core.Files;
using Ann.Core.Releases;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>
/// Copies a built file, or a release with the encoder of its queries, into the directory of a live index, and opens it as a generation.
/// What is copied is nobody's until a manifest names it: a crash leaves files that the next start deletes.
/// </summary>
/// <param name="home">The index.</param>
/// <param name="file">Name that the index file gets there.</param>
/// <param name="encoderDirectory">Name that the directory of the encoder gets there.</param>
internal sealed class GenerationImport(IndexHome home, string file, string encoderDirectory)
{
    /// <summary>Names of what it makes.</summary>
    public IEnumerable<string> Files => [file, encoderDirectory];

    /// <summary>Copies and opens. Leaves nothing when it fails.</summary>
    /// <param name="path">An <c>.ann</c> file, or the directory of a release.</param>
    /// <param name="logPosition">The last write that its rows know of; null for what the file says.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="AnnException">As <see cref="LiveIndex.AttachAsync"/>.</exception>
    public Generation Run(string path, long? logPosition, CancellationToken cancellation)
    {
        IndexPart? part = null;
        BroughtEncoder? encoder = null;
        bool isRelease = home.Files.DirectoryExists(path);
        try
        {
            Release? release = isRelease ? ReleaseDirectory.Read(home.Files, path) : null;
            CarriedEncoder? carried = Copy(path, release, cancellation);
            part = SegmentMerge.OpenPart(home, file);
            SealedSegment segment = part.Sealed!;
            IndexOpening.RequireFit(home.Schema, segment);
            if (segment.LongRow is string tooLong)
                throw AnnException.BadInput(path, "", tooLong);
            EncoderPair encoders = EncoderPair.Of(segment.BuildRecord);
            if (release is not null)
                ReleasedIndex.RequireFit(path, release, segment);
            long position = logPosition ?? segment.BuildRecord.LogPosition ?? 0;
            if (position < 0)
                throw AnnException.Invalid("log_position", $"log_position is {position}; it must be 0 or more.");
            if (carried is not null)
                encoder = BroughtEncoder.Open(home, carried, encoders.Queries);
            return new Generation(home, segment.Generation, encoders, [part], position, encoder);
        }
        catch (Exception e)
        {
            part?.Segment.Release();
            encoder?.Opened?.Release();
            foreach (string made in Files)
                home.Delete(made);
            if (e is IOException refused)
                throw AnnException.DiskRefused(refused);
            // The caller named another file than the copy that was read.
            string index = isRelease ? Path.Combine(path, ReleaseDirectory.IndexFile) : path;
            if (e is AnnException failure && Renamed(failure.Message, index, path) is string message && message != failure.Message)
                throw new AnnException(failure.Error, message, e) { Field = failure.Field };
            throw;
        }
    }

    private CarriedEncoder? Copy(string path, Release? release, CancellationToken cancellation)
    {
        if (release is null)
        {
            FileCopy.Run(home.Files, path, home.PathOf(file), long.MaxValue, cancellation);
            return null;
        }
        ReleasedFile index = release.Files.First(static one => one.Name == ReleaseDirectory.IndexFile);
        ReleaseDirectory.Copy(home.Files, path, index, home.PathOf(file), cancellation);
        ReleasedFile[] encoder = [.. release.EncoderFiles];
        if (encoder.Length == 0)
            return null;
        int above = ReleaseDirectory.EncoderDirectory.Length + 1;
        CarriedEncoder carried = new(encoderDirectory, [.. encoder.Select(one => one.Name[above..])]);
        string target = home.PathOf(encoderDirectory);
        DirectoryTree.Create(home.Files, target, carried.Files);
        foreach (ReleasedFile one in encoder)
            ReleaseDirectory.Copy(home.Files, path, one, ReleaseDirectory.PathOf(target, one.Name[above..]), cancellation);
        return carried;
    }

    private string Renamed(string message, string index, string release) => message
        .Replace(home.PathOf(encoderDirectory), Path.Combine(release, ReleaseDirectory.EncoderDirectory), StringComparison.Ordinal)
        .Replace(home.PathOf(file), index, StringComparison.Ordinal);
}

/// <summary>What the list of a release says of its index, and what the index says of itself.</summary>
internal static class ReleasedIndex
{
    /// <summary>Refuses a release whose list and index contradict each other.</summary>
    /// <param name="path">The release.</param>
    /// <param name="release">Its list.</param>
    /// <param name="segment">Its index.</param>
    /// <exception cref="AnnException">Corrupt: names the member, what was expected and what was found.</exception>
    public static void RequireFit(string path, Release release, SealedSegment segment)
    {
        EncoderPair encoders = EncoderPair.Of(segment.BuildRecord);
        Require("generation", segment.Generation, release.Generation);
        Require("item_encoder", Hex(encoders.Items), release.ItemEncoder.Fingerprint);
        Require("query_encoder", Hex(encoders.Queries), release.QueryEncoder.Fingerprint);

        void Require(string member, string found, string said)
        {
            if (found != said)
            {
                throw AnnException.Corrupt(
                    Path.Combine(path, ReleaseDirectory.ListFile), member, 0,
                    $"it says {said}; {ReleaseDirectory.IndexFile} says {(found.Length == 0 ? "none" : found)}.");
            }
        }
    }

    private static string Hex(SnapshotEncoder encoder) =>
        encoder.Fingerprint?.ToString("x16", System.Globalization.CultureInfo.InvariantCulture) ?? "";
}
