using Ann.Core.Files;
using Ann.Core.Files.Formats;

namespace Ann.Tests.Files.Formats;

/// <summary>A directory of its own for one test; removed with all its files.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("ann-tests-").FullName;

    public string this[string name] => Path.Combine(Root, name);

    public string Write(string name, params byte[][] parts)
    {
        File.WriteAllBytes(this[name], [.. parts.SelectMany(part => part)]);
        return this[name];
    }

    public string Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    public string[] Names() => [.. Directory.GetFiles(Root).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Root, recursive: true);

    public static byte[] Bytes<T>(params T[] values) where T : unmanaged =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    public static float[] ReadAll(string path)
    {
        using VectorReader reader = VectorFile.OpenReader(PhysicalFileSystem.Instance, path);
        return ReadAll(reader);
    }

    /// <summary>Reads with a buffer that does not divide the rows, so that the seams between reads are tried too.</summary>
    internal static float[] ReadAll(VectorReader reader, int rowsAtOnce = 3)
    {
        List<float> all = [];
        float[] buffer = new float[rowsAtOnce * reader.Dimension + reader.Dimension / 2];
        while (reader.ReadRows(buffer) is int rows and > 0)
            all.AddRange(buffer.AsSpan(0, rows * reader.Dimension));
        return [.. all];
    }

    public static long[] ReadIntegers(string path)
    {
        using IntegerReader reader = VectorFile.OpenIntegers(PhysicalFileSystem.Instance, path);
        List<long> all = [];
        long[] buffer = new long[2 * reader.Columns];
        while (reader.ReadRows(buffer) is int rows and > 0)
            all.AddRange(buffer.AsSpan(0, rows * reader.Columns));
        return [.. all];
    }
}
