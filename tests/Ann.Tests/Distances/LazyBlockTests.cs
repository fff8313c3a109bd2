using Ann.Core.Distances;

namespace Ann.Tests.Distances;

public sealed unsafe class LazyBlockTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(2 << 20)]
    [InlineData((2 << 20) + 1)]
    [InlineData(9_000_001)]
    public void IsAlignedZeroedAndWritableToItsEnd(int size)
    {
        for (int round = 0; round < 3; round++) // memory that was used and freed must come back zeroed
        {
            using LazyBlock block = new(size);
            Span<byte> bytes = new(block.Start, size);

            Assert.Equal(size, block.SizeInBytes);
            Assert.Equal(0u, (nuint)block.Start % 64);
            Assert.Equal(-1, bytes.IndexOfAnyExcept((byte)0));
            bytes.Fill(0xAB);
        }
    }
}
