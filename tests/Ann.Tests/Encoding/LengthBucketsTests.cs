using Ann.Encoding.Text;
using Ann.Encoding.Tokenizers;
using CsCheck;

namespace Ann.Tests.Encoding;

/// <summary>Goal: batches hold every row once, within their bounds, with little padding.</summary>
public sealed class LengthBucketsTests
{
    [Theory]
    [InlineData(0, 8)]
    [InlineData(8, 8)]
    [InlineData(9, 12)]
    [InlineData(13, 16)]
    [InlineData(16, 16)]
    [InlineData(17, 24)]
    [InlineData(25, 32)]
    [InlineData(33, 48)]
    [InlineData(49, 64)]
    [InlineData(97, 100)]
    [InlineData(100, 100)]
    public void A_length_is_padded_to_the_next_bucket_and_never_beyond_the_limit(int length, int padded) =>
        Assert.Equal(padded, LengthBuckets.Padded(length, maxTokens: 100));

    [Fact]
    public void Batches_hold_every_row_once_and_keep_their_bounds() =>
        Gen.Select(Gen.Int[0, 100].Array[1, 200], Gen.Int[1, 40], Gen.Int[16, 1000]).Sample((lengths, batchRows, batchTokens) =>
        {
            BatchLimits limits = new(MaxTokens: 100, batchRows, batchTokens, FixedRows: -1, FixedTokens: -1);
            using TokenBuffer tokens = Buffer(lengths);
            long[] order = new long[lengths.Length];
            LengthBuckets.Sort(tokens, order);

            int covered = 0;
            while (covered < order.Length)
            {
                (int rows, int padded) = LengthBuckets.Next(tokens, order, covered, limits);
                int longest = order.Skip(covered).Take(rows).Max(row => lengths[row]);
                int shortest = order.Skip(covered).Take(rows).Min(row => lengths[row]);
                Assert.InRange(rows, 1, batchRows);
                Assert.True(rows == 1 || rows * padded <= batchTokens);
                Assert.Equal(LengthBuckets.Padded(longest, 100), padded);
                Assert.True(2 * LengthBuckets.Padded(shortest, 100) >= padded);
                covered += rows;
            }
            Assert.Equal(Enumerable.Range(0, lengths.Length).Select(row => (long)row), order.Order());
        }, iter: 300);

    private static TokenBuffer Buffer(int[] lengths)
    {
        TokenBuffer tokens = new(lengths.Length, hasWeights: false);
        foreach (int length in lengths)
        {
            for (int i = 0; i < length; i++)
                tokens.Add(i);
            tokens.EndRow();
        }
        return tokens;
    }
}
