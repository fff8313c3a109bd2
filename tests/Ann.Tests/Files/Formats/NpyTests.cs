using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using static Ann.Tests.Files.Formats.BinaryFormatTests;
using static Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Files.Formats;

/// <summary>Goal: what NumPy writes is read, or refused with the NumPy call that mends it.</summary>
public sealed class NpyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryVersionIsRead(int version) =>
        Assert.Equal([1, 2, 3, 4], ReadAll(Npy(Header("<f4", false, "(2, 2)"), Bytes(1f, 2f, 3f, 4f), version)));

    [Fact]
    public void EveryVectorTypeIsConverted()
    {
        Assert.Equal([0.5f, -2], ReadAll(Npy(Header("<f2", false, "(1, 2)"), Bytes((Half)0.5, (Half)(-2)))));
        Assert.Equal([0, 255], ReadAll(Npy(Header("|u1", false, "(1, 2)"), [0, 255])));
        Assert.Equal([0, -1], ReadAll(Npy(Header("|i1", false, "(1, 2)"), [0, 255])));
    }

    [Fact]
    public void Float64IsConvertedWithANotice()
    {
        string path = Npy(Header("<f8", false, "(1, 2)"), Bytes(0.1, -2.0));

        using VectorReader reader = VectorFile.OpenReader(PhysicalFileSystem.Instance, path);

        Assert.Equal($"{path}: float64 is converted to float32, the precision of the index.", reader.Notice);
        Assert.Equal([0.1f, -2], ReadAll(reader));
    }

    [Fact]
    public void FortranOrderIsRefusedWithTheCallThatMendsIt()
    {
        string message = Refused(Npy(Header("<f4", true, "(2, 2)"), Bytes(1f, 2f, 3f, 4f)));

        Assert.Contains("Fortran order", message);
        Assert.Contains("np.save(path, np.ascontiguousarray(array))", message);
    }

    [Fact]
    public void BigEndianIsRefusedWithTheCallThatMendsIt() =>
        Assert.Contains("array.astype('<f4')", Refused(Npy(Header(">f4", false, "(1, 1)"), Bytes(1f))));

    [Fact]
    public void WholeNumbersAreNoVectorsButRowsOfTheirOwn()
    {
        string path = Npy(Header("<i8", false, "(2, 2)"), Bytes(1L, -2L, 3L, 4L));

        Assert.Contains("the type is int64; vectors are float32", Refused(path));
        Assert.Equal([1, -2, 3, 4], ReadIntegers(path));
    }

    [Fact]
    public void AListOfItemNumbersIsAColumn()
    {
        string path = Npy(Header("<i8", false, "(3,)"), Bytes(7L, 8L, 9L));

        using IntegerReader reader = VectorFile.OpenIntegers(PhysicalFileSystem.Instance, path);

        Assert.Equal(1, reader.Columns);
        Assert.Equal(3, reader.Count);
    }

    [Fact]
    public void ANumberBeyond63BitsIsRefused()
    {
        string path = Npy(Header("<u8", false, "(1, 1)"), Bytes(ulong.MaxValue));

        Assert.Contains("2^63 or more", Assert.Throws<AnnException>(() => ReadIntegers(path)).Message);
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "two dimensions")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }", "two dimensions")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, }", "found fewer")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 1), }", "structured type")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (1, 1), }", "the type is '<c8'")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (1, 1), }", "neither True nor False")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 99999999999999999999), }", "no length")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 65536), }", "the file ends inside this row")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4), }", "no rows")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), 'x': 1}", "unknown key 'x'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)} more", "text after the dictionary")]
    [InlineData("[]", "no '{'")]
    [InlineData("", "no '{'")]
    public void ABadHeaderIsRefused(string header, string reason) => Assert.Contains(reason, Refused(Npy(header, Bytes(1f))));

    [Fact]
    public void AFileOfAnotherKindIsRefused()
    {
        Assert.Contains("no .npy file", Refused(_folder.Write("x.npy", "not an array")));
        Assert.Contains("version 9.0", Refused(Npy(Header("<f4", false, "(1, 1)"), Bytes(1f), version: 9)));
        Assert.Contains("at most 65536", Refused(_folder.Write("x.npy", [0x93, .. "NUMPY"u8, 2, 0, 255, 255, 255, 127])));
        Assert.Contains("ends inside the header", Refused(_folder.Write("x.npy", [0x93, .. "NUMPY"u8, 1, 0, 100, 0, 1])));
    }

    private static string Header(string descr, bool fortranOrder, string shape) =>
        $"{{'descr': '{descr}', 'fortran_order': {fortranOrder}, 'shape': {shape}, }}\n";

    private string Npy(string header, byte[] data, int version = 1)
    {
        byte[] text = System.Text.Encoding.ASCII.GetBytes(header);
        byte[] length = version == 1 ? Bytes((ushort)text.Length) : Bytes((uint)text.Length);
        return _folder.Write("x.npy", [0x93, .. "NUMPY"u8, (byte)version, 0], length, text, data);
    }
}
