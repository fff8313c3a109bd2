using Ann.Core.Files.Formats;
using Ann.Tests.Files.Formats;
using Ann.Tool.Formats;
using CsCheck;

namespace Ann.Tests.Tool.Formats;

/// <summary>
/// Goal: whatever goes from one format to another and is read there is the same, bit by bit, key by key, value by value. Method: random
/// rows through every pair of formats.
/// </summary>
public sealed class FormatPairTests : IDisposable
{
    private const int Samples = 3;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. VectorFormats.All.SelectMany(
        static format => format.IsText ? (string[])[format.Name, format.Name + ".gz", format.Name + ".zst"] : [format.Name])];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryPairKeepsAll(string from) =>
        FormatRows.Any(isWhole: true)
            .Sample(rows => RoundTrip(rows, from, Names.Select(static row => row.Data)), iter: Samples, threads: 1);

    /// <summary>Every finite float, by formats that hold them all.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void FloatsKeepTheirBits(string from)
    {
        if (FormatOf(from).Stored == ElementType.Float32)
        {
            IEnumerable<string> to =
                Names.Select(static row => row.Data).Where(static name => FormatOf(name).Stored == ElementType.Float32);
            FormatRows.Any(isWhole: false).Sample(rows => RoundTrip(rows, from, to), iter: Samples, threads: 1);
        }
        else
        {
            Assert.NotEqual(ElementType.Float32, FormatOf(from).Stored);
        }
    }

    private static VectorFormat FormatOf(string name) => VectorFormats.Named(name.Split('.')[0]);

    private void RoundTrip(FormatRows rows, string from, IEnumerable<string> formats)
    {
        foreach (string old in _folder.Names())
            File.Delete(_folder[old]);
        rows.Write(_folder["whole.parquet"]);
        string source = _folder["from." + PathEnd(from)];
        Convert(_folder["whole.parquet"], source);
        string expected = rows.Describe(withKeyKind: true);
        foreach (string to in formats)
        {
            string target = _folder["to." + PathEnd(to)];
            Convert(source, target);
            Assert.Equal(expected, FormatRows.Read(target).Describe(withKeyKind: true));
        }
    }

    private static string PathEnd(string name) => FormatOf(name).Extensions[0][1..] + name[FormatOf(name).Name.Length..];

    private static void Convert(string from, string to) => new RowConversion(
        FormatRows.Tool,
        new RowConversionRequest(from, to, VectorInput.HasRoom(from) ? FormatRows.Schema : null, null, Rounds: false)).Run(default);
}
