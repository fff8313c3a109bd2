using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using CsCheck;
using static Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Files.Formats;

/// <summary>Goal: every binary format gives back the rows that were put in, and a wrong file is refused by place and reason.</summary>
public sealed class BinaryFormatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("x.fbin")]
    [InlineData("x.npy")]
    [InlineData("x.jsonl")]
    public void WrittenRowsComeBack(string name) =>
        Gen.Int[1, 20].SelectMany(dimension => Gen.Float.Where(float.IsFinite).Array[dimension].Array[1, 30])
            .Sample(rows =>
            {
                PhysicalFileSystem files = PhysicalFileSystem.Instance;
                using (VectorWriter writer = VectorFile.CreateWriter(files, _folder[name], rows.Length, rows[0].Length))
                {
                    foreach (float[] row in rows)
                        writer.Write(row);
                    writer.Commit();
                }

                using VectorReader reader = VectorFile.OpenReader(files, _folder[name]);
                Assert.Equal(rows.Length, reader.Count);
                Assert.Equal(rows[0].Length, reader.Dimension);
                Assert.Equal(rows.SelectMany(row => row), ReadAll(reader));
            }, iter: 30, threads: 1);

    [Fact]
    public void EachElementTypeIsConverted()
    {
        byte[] header = Bytes(2u, 2u);

        Assert.Equal([0, 255, 7, 1], ReadAll(_folder.Write("a.u8bin", header, [0, 255, 7, 1])));
        Assert.Equal([0, -1, 7, -128], ReadAll(_folder.Write("a.i8bin", header, [0, 255, 7, 128])));
        Assert.Equal([0.5f, -2, 7, 1], ReadAll(_folder.Write("a.f16bin", header, Bytes((Half)0.5, (Half)(-2), (Half)7, (Half)1))));
        Assert.Equal([0.5f, -2, 7, 1], ReadAll(_folder.Write("a.fbin", header, Bytes(0.5f, -2f, 7f, 1f))));
        Assert.Equal(
            [0.5f, -2, 7, 1], ReadAll(_folder.Write("a.fvecs", Bytes(2), Bytes(0.5f, -2f), Bytes(2), Bytes(7f, 1f))));
        Assert.Equal([9, 8, 7, 6], ReadAll(_folder.Write("a.bvecs", Bytes(2), [9, 8], Bytes(2), [7, 6])));
        Assert.Equal([1, 2, 3, uint.MaxValue], ReadIntegers(_folder.Write("a.ibin", header, Bytes(1u, 2u, 3u, uint.MaxValue))));
        Assert.Equal([1, 2, 3, -4], ReadIntegers(_folder.Write("a.ivecs", Bytes(2), Bytes(1, 2), Bytes(2), Bytes(3, -4))));
    }

    [Fact]
    public void TrueNeighboursComeBack()
    {
        VectorFile.WriteIbin(PhysicalFileSystem.Instance, _folder["t.ibin"], 3, [1, 2, 3, 4, 5, 6]);

        Assert.Equal([1, 2, 3, 4, 5, 6], ReadIntegers(_folder["t.ibin"]));
    }

    [Fact]
    public void ATruncatedFbinNamesTheRow()
    {
        string path = _folder.Write("cut.fbin", Bytes(10u, 4u), Bytes(new float[14]));

        string message = Refused(path);

        Assert.Equal(
            $"{path}: row 3: the file ends inside this row: 10 rows of 4 float32 take 168 bytes; found 64 bytes.", message);
    }

    [Fact]
    public void ATruncatedFvecsNamesTheRow()
    {
        string path = _folder.Write("cut.fvecs", Bytes(2), Bytes(1f, 2f), Bytes(2), Bytes(1f));

        Assert.StartsWith($"{path}: row 1: the file ends inside this row: 2 rows of 2 float32 take 24 bytes; found 20", Refused(path));
    }

    [Fact]
    public void ABadFileIsRefusedByPlaceAndReason()
    {
        Assert.Contains("header: expected 8 bytes; the file has 3", Refused(_folder.Write("short.fbin", [1, 2, 3])));
        Assert.Contains("header: the dimension is 0; it must be 1 to 65536", Refused(_folder.Write("d0.fbin", Bytes(1u, 0u))));
        Assert.Contains("header: the dimension is 65537", Refused(_folder.Write("d.fbin", Bytes(1u, 65_537u))));
        Assert.Contains("header: the dimension is -1", Refused(_folder.Write("d.fvecs", Bytes(-1))));
        Assert.Contains("it holds no rows", Refused(_folder.Write("empty.fbin", Bytes(0u, 4u))));
        Assert.Contains("byte 16: there is more after the last row", Refused(_folder.Write("long.fbin", Bytes(1u, 2u), Bytes(1f, 2f, 3f))));
        Assert.Contains("row 0: the file ends", Refused(_folder.Write("bomb.fbin", Bytes(uint.MaxValue, 65_536u))));
        Assert.Contains(
            "row 1: expected dimension 2, that of the first row; found 3",
            Refused(_folder.Write("mixed.fvecs", Bytes(2), Bytes(1f, 2f), Bytes(3), Bytes(1f, 2f))));
        Assert.Contains("'.parquet' names no format that we read; vectors: .fbin", Refused(_folder["x.parquet"]));
        Assert.Contains("no extension names no format", Refused(_folder["x"]));
        Assert.EndsWith("no such file.", Refused(_folder["absent.fbin"]));
    }

    /// <summary>A hostile header may be refused or, by luck, be a sound file; it must not crash, hang or make us allocate.</summary>
    [Theory]
    [InlineData(".fbin")]
    [InlineData(".u8bin")]
    [InlineData(".fvecs")]
    [InlineData(".bvecs")]
    [InlineData(".npy")]
    [InlineData(".jsonl")]
    public void RandomBytesNeverCrash(string extension) =>
        Gen.Byte.Array[0, 200].Sample(bytes => ReadOrRefuse(_folder.Write("random" + extension, bytes)), iter: 300, threads: 1);

    [Theory]
    [InlineData("x.fbin")]
    [InlineData("x.npy")]
    [InlineData("x.jsonl")]
    public void AMutatedFileNeverCrashes(string name)
    {
        using (VectorWriter writer = VectorFile.CreateWriter(PhysicalFileSystem.Instance, _folder[name], 3, 4))
        {
            writer.Write([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.5f]);
            writer.Commit();
        }
        byte[] sound = File.ReadAllBytes(_folder[name]);

        Gen.Select(Gen.Int[0, sound.Length - 1], Gen.Byte, Gen.Int[0, sound.Length])
            .Sample((place, value, length) =>
            {
                byte[] changed = [.. sound];
                changed[place] = value;
                ReadOrRefuse(_folder.Write("changed" + Path.GetExtension(name), changed));
                ReadOrRefuse(_folder.Write("cut" + Path.GetExtension(name), changed[..length]));
            }, iter: 400, threads: 1);
    }

    [Fact]
    public void NothingAppearsWithoutCommit()
    {
        using (VectorWriter writer = VectorFile.CreateWriter(PhysicalFileSystem.Instance, _folder["x.fbin"], 2, 2))
            writer.Write([1, 2, 3, 4]);

        Assert.Empty(_folder.Names());
    }

    [Fact]
    public void AnUnwritableFormatIsNamed()
    {
        AnnException error = Assert.Throws<AnnException>(
            () => VectorFile.CreateWriter(PhysicalFileSystem.Instance, _folder["x.xvecs"], 1, 1));

        Assert.Contains("'.xvecs' names no format that we write; vectors: .fbin", error.Message);
    }

    internal static string Refused(string path)
    {
        AnnException error = Assert.Throws<AnnException>(() => ReadAll(path));
        Assert.Contains(error.Error, new[] { AnnError.InvalidArgument, AnnError.NotFound });
        Assert.StartsWith(path + ": ", error.Message);
        return error.Message;
    }

    private static void ReadOrRefuse(string path)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            ReadAll(path);
        }
        catch (AnnException e)
        {
            Assert.StartsWith(path, e.Message);
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }
}
