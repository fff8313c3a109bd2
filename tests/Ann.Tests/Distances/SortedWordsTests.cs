using Ann.Core.Distances;
using CsCheck;

namespace Ann.Tests.Distances;

/// <summary>Goal: insertion keeps words sorted and tells the place, like a list; short arrays and long ones take different ways.</summary>
public sealed unsafe class SortedWordsTests
{
    [Fact]
    public void InsertingEqualsInsertingIntoAList() =>
        Gen.ULong[1, ulong.MaxValue - 1].Array[0, 60].Sample(words => Check([.. words.Distinct()]), iter: 2_000);

    /// <summary>These cross the lengths from which the place is searched for at 256 and at 512 bits, by few words and by many.</summary>
    [Theory]
    [InlineData(382)]
    [InlineData(387)]
    [InlineData(1022)]
    [InlineData(1027)]
    [InlineData(2500)]
    public void InsertingIntoLongArraysEqualsInsertingIntoAList(int count)
    {
        Random random = new(count);
        Check([.. Enumerable.Range(0, count).Select(_ => (ulong)random.NextInt64(1, long.MaxValue)).Distinct()]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SortedAndReversedInputIsKept(bool reversed)
    {
        ulong[] words = [.. Enumerable.Range(1, 1100).Select(i => (ulong)i << 33)];
        Check(reversed ? [.. words.Reverse()] : words);
    }

    private static void Check(ulong[] words)
    {
        using NativeBlock block = new((words.Length + 2L * SortedWords.Margin) * sizeof(ulong));
        ulong* start = (ulong*)block.Start + SortedWords.Margin;
        List<ulong> expected = [];
        for (int i = 0; i < words.Length; i++)
        {
            int place = ~expected.BinarySearch(words[i]);
            expected.Insert(place, words[i]);
            Assert.Equal(place, SortedWords.Insert(start, i, words[i]));
            if (i < 64 || i % 61 == 0 || i == words.Length - 1)
                Assert.True(new ReadOnlySpan<ulong>(start, i + 1).SequenceEqual(expected.ToArray()), $"after word {i}");
        }
        Assert.True(new ReadOnlySpan<ulong>(start - SortedWords.Margin, SortedWords.Margin).IndexOfAnyExcept(0UL) < 0);
    }
}
