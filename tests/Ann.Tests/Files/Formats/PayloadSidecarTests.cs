using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;

namespace Ann.Tests.Files.Formats;

/// <summary>Goal: a sidecar of payloads gives back what was written, and one that is damaged is refused, whatever byte it is.</summary>
public sealed class PayloadSidecarTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20_000)]
    public void PayloadsComeBack(int rows)
    {
        Write(rows, static row => row % 3 == 0 ? [] : new byte[row % 40 + 1]);
        using PayloadSidecar read = PayloadSidecar.Open(PhysicalFileSystem.Instance, _folder["a.payloads"]);
        Assert.Equal((rows, 7ul), (read.Rows, read.RowsHash));
        for (int row = 0; row < rows; row++)
            Assert.Equal(row % 3 == 0 ? 0 : row % 40 + 1, read[row].Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => read[rows].Length);
    }

    [Fact]
    public void EveryDamageIsRefused()
    {
        Write(5, static row => [.. Enumerable.Repeat((byte)row, row * 2)]);
        byte[] whole = File.ReadAllBytes(_folder["a.payloads"]);
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] other = [.. whole];
            other[at] ^= 0x40;
            Refuse(other);
            Refuse(whole[..at]);
        }
        Refuse([.. whole, 0]);

        void Refuse(byte[] bytes)
        {
            File.WriteAllBytes(_folder["b.payloads"], bytes);
            AnnException refused = Assert.Throws<AnnException>(
                () => PayloadSidecar.Open(PhysicalFileSystem.Instance, _folder["b.payloads"]));
            Assert.Contains("b.payloads", refused.Message, StringComparison.Ordinal);
        }
    }

    private void Write(int rows, Func<int, byte[]> payload) =>
        PayloadSidecar.Write(PhysicalFileSystem.Instance, _folder["a.payloads"], rows, rowsHash: 7, row => payload(row));
}
