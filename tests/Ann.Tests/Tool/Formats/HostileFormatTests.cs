using System.Buffers.Binary;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Tests.Files.Formats;
using Ann.Tool.Formats;
using CsCheck;

namespace Ann.Tests.Tool.Formats;

/// <summary>
/// Goal: no file does worse than be refused, by its name, a place and a reason, and none makes a reader allocate what it claims and does
/// not have. Method: files of every format cut, damaged and renamed; files that claim 2^40 rows, with what they make a thread allocate.
/// </summary>
public sealed class HostileFormatTests : IDisposable
{
    private const int SoundRows = 29;
    private const long ManyRows = 1L << 40;
    private const long MostBytes = 8 << 20;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. VectorFormats.Names];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void DamagedFilesAreRefusedOrRead(string name)
    {
        string extension = VectorFormats.Named(name).Extensions[0];
        byte[] whole = File.ReadAllBytes(Sound("whole" + extension));
        int seed = Random.Shared.Next();
        Random random = new(seed);
        for (int i = 0; i < 250; i++)
        {
            byte[] damaged = [.. whole];
            for (int change = 0; change < 1 + i % 3; change++)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            if (i % 4 == 0)
                damaged = damaged[..random.Next(damaged.Length)];
            string path = _folder.Write("damaged" + extension, damaged);
            Exception? error = Record.Exception(() => ReadAll(path));
            Assert.True(error is null or AnnException, $"seed {seed}, file {i}: {error}");
            Assert.True(
                error is null || error.Message.StartsWith(path, StringComparison.Ordinal), $"seed {seed}, file {i}: {error?.Message}");
        }
    }

    /// <summary>A binary file that lacks its end is never read as a shorter one.</summary>
    [Theory]
    [InlineData("fbin")]
    [InlineData("f16bin")]
    [InlineData("u8bin")]
    [InlineData("i8bin")]
    [InlineData("npy")]
    [InlineData("parquet")]
    [InlineData("arrow")]
    [InlineData("hdf5")]
    public void CutFilesAreRefused(string name)
    {
        string extension = VectorFormats.Named(name).Extensions[0];
        byte[] whole = File.ReadAllBytes(Sound("whole" + extension));
        foreach (int length in (int[])[0, 1, 4, whole.Length / 2, whole.Length - 8, whole.Length - 1])
        {
            string path = _folder.Write("cut" + extension, whole[..length]);
            Assert.StartsWith(path + ": ", Assert.Throws<AnnException>(() => ReadAll(path)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void FilesOfAnotherFormatAreRefused(string name)
    {
        string extension = VectorFormats.Named(name).Extensions[0];
        string path = _folder.Write("other" + extension, "this is no file of vectors\nat all\n");
        AnnException error = Assert.Throws<AnnException>(() => ReadAll(path));
        Assert.Equal(AnnError.InvalidArgument, error.Error);
        Assert.StartsWith(path + ": ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fbin", "row 1: component 2 is NaN")]
    [InlineData("fvecs", "row 1: component 2 is NaN")]
    [InlineData("npy", "row 1: component 2 is NaN")]
    [InlineData("f16bin", "row 1: component 2 is NaN")]
    [InlineData("csv", "line 3: component 2 is NaN")]
    [InlineData("parquet", "row 1: component 2 is NaN")]
    [InlineData("arrow", "row 1: component 2 is NaN")]
    [InlineData("arrows", "row 1: component 2 is NaN")]
    [InlineData("hdf5", "row 1: component 2 is NaN")]
    public void RowsThatAreNoNumbersAreNamed(string name, string expected)
    {
        string path = _folder["nan" + VectorFormats.Named(name).Extensions[0]];
        using (VectorOutput output = VectorOutput.Create(
            PhysicalFileSystem.Instance, path, new VectorShape(3, 3, Core.Keys.KeyKind.UInt64, AttributeSchema.Empty)))
        {
            output.Write([1, 2, 3, 4, 5, float.NaN, 7, 8, 9], Core.Keys.KeyColumn.Ordinals(3), null);
            output.End();
            output.Commit();
        }
        string target = _folder["to.npy"];

        AnnException error = Assert.Throws<AnnException>(
            () => new RowConversion(FormatRows.Tool, new RowConversionRequest(path, target, null, null, false)).Run(default));

        Assert.Equal($"{path}: {expected}; vectors are finite numbers.", error.Message);
        Assert.False(File.Exists(target));
    }

    [Theory]
    [InlineData("fbin")]
    [InlineData("npy")]
    [InlineData("arrow")]
    [InlineData("arrows")]
    [InlineData("hdf5")]
    [InlineData("parquet")]
    public void AClaimOfManyRowsAllocatesLittle(string name)
    {
        string extension = VectorFormats.Named(name).Extensions[0];
        string sound = Sound("whole" + extension);
        byte[] bytes = File.ReadAllBytes(sound);
        bytes = name switch { "npy" => Npy(), "parquet" => Parquet(bytes), _ => Claim(name, bytes) };
        string path = _folder.Write("claims" + extension, bytes);
        ReadAll(sound); // what is compiled and cached the first time is not the file's

        long before = GC.GetAllocatedBytesForCurrentThread();
        AnnException error = Assert.Throws<AnnException>(() => ReadAll(path));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.StartsWith(path + ": ", error.Message, StringComparison.Ordinal);
        Assert.True(allocated < MostBytes, $"{allocated} bytes");
    }

    private static byte[] Npy()
    {
        string text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({ManyRows}, 4), }}\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. System.Text.Encoding.ASCII.GetBytes(text), .. new byte[64]];
    }

    /// <summary>The footer tells the rows of the file, of its group and of its columns, as numbers of a length of their own.</summary>
    private static byte[] Parquet(byte[] bytes)
    {
        const byte LongField = 0x16;
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 8));
        int start = bytes.Length - 8 - length;
        List<byte> footer = [];
        int found = 0;
        for (int i = 0; i < length; i++)
        {
            footer.Add(bytes[start + i]);
            if (bytes[start + i] != LongField || bytes[start + i + 1] != SoundRows * 2)
                continue;
            footer.AddRange([0x80, 0x80, 0x80, 0x80, 0x80, 0x40]); // 2^40, doubled as all signed numbers there, seven bits a byte
            i++;
            found++;
        }
        Assert.True(found >= 2, $"{found} places");
        byte[] end = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(end, footer.Count);
        return [.. bytes[..start], .. footer, .. end, .. bytes[^4..]];
    }

    private static byte[] Claim(string name, byte[] bytes)
    {
        const int RowsOfHdf5 = 1072 + 16 + 8 + 8;
        if (name == "fbin")
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, uint.MaxValue);
        }
        else if (name == "hdf5")
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(RowsOfHdf5), ManyRows);
        }
        else
        {
            // The number of rows stands in the message of the batch, and again for each of its columns.
            byte[] rows = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(rows, SoundRows);
            int found = 0;
            for (int at = 0; (at = IndexOf(bytes, rows, at)) >= 0; at += rows.Length, found++)
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), ManyRows);
            Assert.True(found > 0);
        }
        return bytes;
    }

    private static int IndexOf(byte[] bytes, byte[] what, int from)
    {
        int at = bytes.AsSpan(from).IndexOf(what);
        return at < 0 ? -1 : from + at;
    }

    private static void ReadAll(string path)
    {
        using VectorReader reader = VectorInput.Open(
            PhysicalFileSystem.Instance, path, VectorInput.HasRoom(path) ? FormatRows.Schema : null);
        float[] rows = new float[reader.Dimension * 16];
        while (reader.ReadRows(rows) > 0)
            reader.TakeAttributes();
    }

    /// <summary>A file of 29 rows with keys and attributes.</summary>
    private string Sound(string name)
    {
        FormatRows rows = FormatRows.Any(isWhole: true, SoundRows).Single();
        rows.Write(_folder["sound.parquet"]);
        new RowConversion(
            FormatRows.Tool,
            new RowConversionRequest(_folder["sound.parquet"], _folder[name], FormatRows.Schema, null, false)).Run(default);
        return _folder[name];
    }
}
