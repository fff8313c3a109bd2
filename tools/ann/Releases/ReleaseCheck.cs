using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Releases;
using Ann.Core.Segments;
using Ann.Encoding;
using Ann.Tool.Encoders;
using Ann.Tool.Reports;
using Ann.Tool.Verbs;

namespace Ann.Tool.Releases;

/// <summary>
/// Proves a release again: every file by its hash, the index by what it says of itself, the encoder by its fingerprint, and both together
/// by queries whose vectors and nearest items are known.
/// </summary>
internal static class ReleaseCheck
{
    private const double Tolerance = 1e-3;

    /// <summary>Checks a release. What is wrong with it is told, not thrown.</summary>
    /// <exception cref="AnnException">It is no release, or of another version; an option of the encoder.</exception>
    public static ReleaseVerifyReport Run(ToolContext tool, string directory, EncoderOptions options)
    {
        long start = tool.Time.GetTimestamp();
        List<string> faults = [];
        if (!ReleaseDirectory.Exists(tool.Files, directory))
            throw AnnException.BadInput(directory, "", $"it is no release: it holds no file {ReleaseDirectory.ListFile}.");
        Release? release = Attempt(faults, () => ReleaseDirectory.Read(tool.Files, directory));
        ReleaseVerifyReport report = new()
        {
            Release = directory,
            Sound = false,
            Faults = faults,
            Generation = release?.Generation,
            Files = release?.Files.Count ?? 0,
            GoldenRows = 0,
            Verification = release?.Verification,
            Seconds = 0,
        };
        foreach (ReleasedFile file in release?.Files ?? [])
            _ = Attempt(faults, () =>
            {
                ReleaseDirectory.RequireSound(tool.Files, directory, file);
                return file;
            });
        if (release is not null && faults.Count == 0)
            report = CheckContent(tool, directory, release, options, report, faults);
        return report with { Sound = faults.Count == 0, Seconds = tool.SecondsSince(start) };
    }

    private static ReleaseVerifyReport CheckContent(
        ToolContext tool, string directory, Release release, EncoderOptions options, ReleaseVerifyReport report, List<string> faults)
    {
        string path = Path.Combine(directory, ReleaseDirectory.IndexFile);
        if (Attempt(faults, () => VerifyVerb.Check(tool, path)) is not { } index)
            return report;
        if (!index.Sound)
        {
            faults.Add(index.Fault!);
            return report;
        }
        using SealedSegment segment = SealedSegment.Open(tool.Files, path);
        _ = Attempt(faults, () =>
        {
            ReleasedIndex.RequireFit(directory, release, segment);
            return segment;
        });
        if (faults.Count > 0)
            return report;
        string golden = Path.Combine(directory, ReleaseDirectory.GoldenFile);
        if (Attempt(faults, () => GoldenRows.Read(tool.Files, golden)) is not { } rows)
            return report;
        faults.AddRange(rows
            .Select((row, i) => row.Embedding.Length == segment.Dimension ? ReleaseMeasurement.Fault(segment, row, $"row {i}") : null)
            .OfType<string>().Select(fault => $"{golden}: {fault}"));
        if (!release.EncoderFiles.Any())
            return report;
        string encoder = Path.Combine(directory, ReleaseDirectory.EncoderDirectory);
        using CheckedEncoder? opened = Attempt(faults, () => CheckedEncoder.Open(tool, encoder, options));
        if (opened is null)
            return report;
        if (opened.Info.FingerprintText != release.QueryEncoder.Fingerprint)
        {
            faults.Add(
                $"{encoder}: its fingerprint is {opened.Info.FingerprintText}; {ReleaseDirectory.ListFile} says "
                + $"{release.QueryEncoder.Fingerprint}.");
            return report;
        }
        GoldenReport compared = EncoderCheck.Compare(opened, golden, rows, Tolerance);
        faults.AddRange(compared.Failures.Select(failure => $"{golden}: {failure}"));
        return report with { GoldenRows = rows.Count, LargestDifference = compared.LargestDifference };
    }

    private static T? Attempt<T>(List<string> faults, Func<T> check)
        where T : class
    {
        try
        {
            return check();
        }
        catch (AnnException e) when (e.Error is AnnError.Corrupt or AnnError.NotFound or AnnError.InvalidArgument)
        {
            faults.Add(e.Message);
            return null;
        }
    }
}
