using Ann.Tests.House;

namespace Ann.Tests.Files;

/// <summary>
/// A file of a format version, kept for ever beside its test: that version must stay readable, and this build must still write it so, byte
/// for byte. For a new version run the test once with <c>ANN_WRITE_GOLDEN=1</c>: files that are missing are written, none is replaced.
/// </summary>
internal static class GoldenFile
{
    /// <summary>Reads a golden file, and checks that <paramref name="written"/> is the same.</summary>
    /// <param name="name">Folder of the test and name of the file.</param>
    /// <param name="written">What this build writes.</param>
    public static byte[] Check(string name, byte[] written)
    {
        string path = Path.Combine(TidyTests.Root, "tests", "Ann.Tests", name);
        if (!File.Exists(path) && Environment.GetEnvironmentVariable("ANN_WRITE_GOLDEN") == "1")
            File.WriteAllBytes(path, written);
        byte[] golden = File.ReadAllBytes(path);
        Assert.Equal(Convert.ToHexString(golden), Convert.ToHexString(written));
        return golden;
    }
}
