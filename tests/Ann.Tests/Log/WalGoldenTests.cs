using Ann.Core.Log;
using Ann.Tests.Files;
using static Ann.Tests.Log.WalFixture;

namespace Ann.Tests.Log;

public sealed class WalGoldenTests
{
    private const string Path = "/log/wal-0000000000000065.log";

    [Fact]
    public void NumbersOfVersionOneStayReadable() => Check("Log/golden-v1.log", Numbers);

    [Fact]
    public void TextsOfVersionOneStayReadable() => Check("Log/golden-v1-text.log", Texts);

    [Fact]
    public void AttributesOfVersionOneStayReadable() => Check("Log/golden-v1-attributes.log", Attributed);

    private static void Check(string name, WalShape shape)
    {
        WalRecord[] records = [Record(101, 2, shape), Record(103, 0, shape), Record(103, 1, shape), Record(104, 3, shape),
            Record(107, 1, shape)];
        SimulatedFileSystem files = NewFiles();
        using (Wal wal = Create(files, shape, first: 101))
        {
            wal.Append(records[..2]);
            wal.Flush();
            wal.Append(records[2..4]);
            wal.Flush();
            wal.Append(records[4..]);
        }

        byte[] golden = GoldenFile.Check(name, files.ReadAllBytes(Path));

        SimulatedFileSystem found = NewFiles();
        found.Put(Path, golden);
        using Wal again = Open(found, shape, minimalNext: 108);
        AssertSame(records, ReadAll(again));
    }
}
