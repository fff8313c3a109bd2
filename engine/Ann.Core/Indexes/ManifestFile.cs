using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Ann.Core.Files;

namespace Ann.Core.Indexes;

/// <summary>The file of a <see cref="Manifest"/>: a line with the hash of the rest, then one line of JSON.</summary>
internal static class ManifestFile
{
    /// <summary>Name in the index's directory.</summary>
    public const string FileName = "MANIFEST";

    /// <summary>Largest manifest, in bytes: some 300,000 producers with names of 128 bytes.</summary>
    public const int MaxBytes = 64 << 20;

    private const string Section = "manifest";
    private const string Start = "ANNMANIFEST ";
    private const string Version = "1";
    private const int HashDigits = 16;
    private static readonly int HashPlace = Start.Length + Version.Length + 1;
    private static readonly int HeadBytes = HashPlace + HashDigits + 1;

    /// <summary>True when a directory has one.</summary>
    public static bool Exists(IFileSystem files, string directory) => files.IsRegularFile(PathIn(directory));

    /// <summary>Reads and checks the manifest of a directory.</summary>
    /// <exception cref="AnnException">
    /// Corrupt: names the byte. NotFound: there is none. InvalidArgument: of another version. Unavailable: it cannot be read.
    /// </exception>
    public static Manifest Read(IFileSystem files, string directory)
    {
        string path = PathIn(directory);
        byte[] bytes = WholeFile.Read(files, path, Section, MaxBytes);
        ReadOnlySpan<byte> json = Content(path, bytes);
        try
        {
            Manifest manifest = JsonSerializer.Deserialize(json, ManifestJson.Default.Manifest)
                ?? throw Bad(path, HeadBytes, "an object was expected; found null.");
            return manifest.Fault() is string fault ? throw Bad(path, HeadBytes, fault) : manifest;
        }
        catch (JsonException e)
        {
            // One line: the place in it is the place in the content.
            throw Bad(path, HeadBytes + (e.BytePositionInLine ?? 0), $"{e.Path ?? "$"}: {e.Message}");
        }
    }

    /// <summary>Replaces the manifest of a directory. It is the old one or the new one at any moment, and survives a power cut.</summary>
    /// <exception cref="ArgumentException">The manifest could not be read again.</exception>
    /// <exception cref="IOException">The device refused it; see <see cref="AtomicFile.Commit"/> for what may be on disk.</exception>
    public static void Write(IFileSystem files, string directory, Manifest manifest)
    {
        if (manifest.Fault() is string fault)
            throw new ArgumentException(fault, nameof(manifest));
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Default.Manifest);
        if (json.Length > MaxBytes - HeadBytes)
            throw new ArgumentException($"{json.Length} bytes; at most {MaxBytes - HeadBytes} can be read again", nameof(manifest));
        using AtomicFile file = new(files, PathIn(directory));
        file.Stream.Write(Encoding.ASCII.GetBytes($"{Start}{Version} {Digits(json)}\n"));
        file.Stream.Write(json);
        file.Commit();
    }

    private static string PathIn(string directory) => Path.Combine(directory, FileName);

    private static string Digits(ReadOnlySpan<byte> json) =>
        XxHash3.HashToUInt64(json).ToString("x16", CultureInfo.InvariantCulture);

    private static ReadOnlySpan<byte> Content(string path, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Start.Length || Encoding.Latin1.GetString(bytes[..Start.Length]) != Start)
            throw Bad(path, 0, $"it does not begin with \"{Start}\".");
        if (bytes.Length < HeadBytes || bytes[HeadBytes - 1] != (byte)'\n')
            throw Bad(path, Math.Min(bytes.Length, HeadBytes - 1), $"the first line is not one of {HeadBytes} bytes.");
        string expected = Encoding.Latin1.GetString(bytes.Slice(HashPlace, HashDigits));
        string actual = Digits(bytes[HeadBytes..]);
        if (actual != expected)
            throw Bad(path, HashPlace, $"hash {actual}; the first line says {expected}.");
        string version = Encoding.Latin1.GetString(bytes[Start.Length..(HashPlace - 1)]);
        if (version != Version || bytes[HashPlace - 1] != (byte)' ')
            throw AnnException.BadInput(path, $"byte {Start.Length}", $"format version '{version}'; this build reads version {Version}.");
        return bytes[HeadBytes..];
    }

    private static AnnException Bad(string path, long offset, string what) => AnnException.Corrupt(path, Section, offset, what);
}
