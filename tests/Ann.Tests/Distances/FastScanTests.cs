using Ann.Core.Distances;
using CsCheck;

namespace Ann.Tests.Distances;

/// <summary>
/// Goal: a scan of 32 neighbours tells which are below the limit, exactly as a plain loop over the lanes would, at every number of bits.
/// Method: random codes, tables and factors; <see cref="InstructionSetMatrixTests"/> runs this class once per instruction set.
/// </summary>
public sealed unsafe class FastScanTests
{
    private const int Seed = 20261122;

    public static IEnumerable<TheoryDataRow<int>> Bits =>
        Enumerable.Range(1, FastScan.MaxBits / FastScan.BitsStep).Where(n => n <= 20 || n % 9 == 2)
            .Select(n => new TheoryDataRow<int>(n * FastScan.BitsStep));

    [Theory]
    [MemberData(nameof(Bits))]
    public void TheMaskIsThatOfAPlainLoop(int bits)
    {
        Random random = new(Seed + bits);
        using Scan scan = new(bits);
        int ones = 0;
        for (int round = 0; round < 60; round++)
        {
            scan.Fill(random, largest: FastScan.MaxEntry);
            (float step, float offset, float basis) = (random.NextSingle() * 0.01f, random.NextSingle() - 0.7f, random.NextSingle() * 2);
            float[] results = scan.Results(step, offset, basis);
            // A limit that is one of the results shows a last bit of difference, and that the comparison is strict.
            float limit = results[random.Next(FastScan.Lanes)];

            uint mask = scan.Below(step, offset, basis, limit);

            for (int lane = 0; lane < FastScan.Lanes; lane++)
                Assert.True(
                    (mask >> lane & 1) == (results[lane] < limit ? 1u : 0u),
                    $"round {round}, lane {lane}: {results[lane]:g9} against {limit:g9}, seed {Seed}");
            ones += System.Numerics.BitOperations.PopCount(mask);
        }
        Assert.InRange(ones, 60 * 4, 60 * 28);
    }

    [Fact]
    public void NoSumOverflowsAtTheMostBits()
    {
        using Scan scan = new(FastScan.MaxBits);
        scan.Fill(new Random(Seed), largest: FastScan.MaxEntry, smallest: FastScan.MaxEntry);
        float most = FastScan.MaxBits / 4 * FastScan.MaxEntry;
        for (int lane = 0; lane < FastScan.Lanes; lane++)
            (scan.Factors[lane], scan.Factors[FastScan.Lanes + lane]) = (0, 0x3F80); // 0 and 1

        Assert.Equal(0u, scan.Below(step: 1, offset: 0, basis: 0, limit: most));
        Assert.Equal(uint.MaxValue, scan.Below(step: 1, offset: 0, basis: 0, limit: MathF.BitIncrement(most)));
    }

    [Fact]
    public void AnUnusedLaneIsBelowNoLimitAndNothingIsBelowNotANumber()
    {
        using Scan scan = new(64);
        scan.Fill(new Random(Seed), FastScan.MaxEntry);
        for (int lane = 0; lane < FastScan.Lanes; lane += 2)
            (scan.Factors[lane], scan.Factors[FastScan.Lanes + lane]) = (0x7F80, 0);

        Assert.Equal(0xAAAAAAAAu, scan.Below(0.01f, 0, 0, float.PositiveInfinity));
        scan.Factors[1] = 0x7FC0;
        scan.Factors[FastScan.Lanes + 3] = 0x7FC0;
        Assert.Equal(0xAAAAAAA0u, scan.Below(0.01f, 0, 0, float.PositiveInfinity));
        Assert.Equal(0u, scan.Below(0.01f, 0, 0, float.NaN));
    }

    [Theory]
    [MemberData(nameof(Bits))]
    public void TablesCoverEachByteOnce(int bits)
    {
        int[] used = new int[FastScan.TableBytes(bits)];
        for (int quad = 0; quad < bits / 4; quad++)
            for (int i = 0; i < 32; i++)
                used[FastScan.TableOffset(quad) + i]++;

        Assert.All(used, times => Assert.Equal(1, times));
    }

    /// <summary>Components, limit and tables as a query makes them: entry i of a quad is the doubled, scaled sum of what agrees.</summary>
    [Fact]
    public void ATableHoldsTheSumsOfWhatAgrees() => Gen.Select(Gen.Float[-8f, 8f].Array[4], Gen.Float[0.1f, 2f]).Sample((values, scale) =>
    {
        byte[] table = new byte[32];
        fixed (float* from = values)
        fixed (byte* to = table)
            QueryQuantisation.FillTable(from, scale, to);

        for (int i = 0; i < 16; i++)
        {
            double agrees = 0;
            for (int bit = 0; bit < 4; bit++)
                if ((i >> bit & 1) == 1 == values[bit] > 0)
                    agrees += Math.Abs(values[bit]);
            Assert.Equal(2 * scale * agrees, table[i], tolerance: 0.501);
            Assert.Equal(table[i], table[16 + i]);
        }
    }, iter: 2_000);

    /// <summary>Codes, tables and factors of 32 lanes.</summary>
    private sealed class Scan(int bits) : IDisposable
    {
        private readonly NativeBlock _codes = new(FastScan.CodeBytes(bits));
        private readonly NativeBlock _tables = new(FastScan.TableBytes(bits));
        private readonly NativeBlock _factors = new(2 * FastScan.Lanes * sizeof(ushort));

        public ushort* Factors => (ushort*)_factors.Start;

        public void Fill(Random random, int largest, int smallest = 0)
        {
            random.NextBytes(new Span<byte>(_codes.Start, (int)_codes.SizeInBytes));
            for (int quad = 0; quad < bits / 4; quad++)
            {
                for (int i = 0; i < 16; i++)
                {
                    byte entry = (byte)random.Next(smallest, largest + 1);
                    byte* table = _tables.Start + FastScan.TableOffset(quad);
                    (table[i], table[16 + i]) = (entry, entry);
                }
            }
            for (int lane = 0; lane < 2 * FastScan.Lanes; lane++)
                Factors[lane] = (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle() * 4 - 2) >> 16);
        }

        public uint Below(float step, float offset, float basis, float limit) =>
            FastScan.Below(_codes.Start, bits, _tables.Start, Factors, step, offset, basis, limit);

        public float[] Results(float step, float offset, float basis) => [.. Enumerable.Range(0, FastScan.Lanes).Select(lane =>
        {
            int sum = 0;
            for (int quad = 0; quad < bits / 4; quad++)
            {
                int code = _codes.Start[quad / 2 * FastScan.Lanes + lane] >> (quad % 2 * 4) & 0x0F;
                sum += _tables.Start[FastScan.TableOffset(quad) + code];
            }
            float addend = BitConverter.Int32BitsToSingle(Factors[lane] << 16);
            float weight = BitConverter.Int32BitsToSingle(Factors[FastScan.Lanes + lane] << 16);
            return basis + addend + weight * (step * sum + offset);
        })];

        public void Dispose()
        {
            _codes.Dispose();
            _tables.Dispose();
            _factors.Dispose();
        }
    }
}
