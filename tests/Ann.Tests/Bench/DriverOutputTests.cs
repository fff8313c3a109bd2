using Ann.Bench.Peers;
using Ann.Core;
using Ann.Tool;

namespace Ann.Tests.Bench;

public sealed class DriverOutputTests
{
    [Fact]
    public void LinesOfADriverAreUnderstood()
    {
        DriverOutput output = DriverOutput.Parse(
            """
            program name=hnswlib version=0.6.2-2
            memory stage=before rss=5000 anonymous=2000 file=3000
            run ef=10 searches=6500 queries=500 seconds=0.25 visited=248.212
            run ef=20 searches=4000 queries=500 seconds=0.5 cpu=0.375 visited=-1.000 allocated=0.000
            memory stage=after rss=25000 anonymous=21000 file=4000
            """,
            "hnswlib");

        Assert.Equal(("hnswlib", "0.6.2-2"), (output.Program, output.Version));
        Assert.Equal(new ResidentMemory(20_000, 19_000, 1_000), output.Serving);
        Assert.Equal([new WorkerRun(10, 6500, 500, 0.25, 248.212, -1, -1), new WorkerRun(20, 4000, 500, 0.5, -1, 0, 0.375)], output.Runs);
        Assert.Equal(12.5, DriverOutput.Parse("built seconds=12.500000 threads=2", "hnswlib").BuildSeconds);
    }

    [Theory]
    [InlineData("run ef=10 searches=6500", "queries is missing")]
    [InlineData("run ef=ten searches=1 queries=1 seconds=1 visited=1", "ef is no number")]
    [InlineData("Segmentation fault", "'fault' is no name=value")]
    [InlineData("warning level=3", "no kind that is known")]
    public void OtherLinesAreRefusedWithTheirText(string line, string expected)
    {
        AnnException e = Assert.Throws<AnnException>(() => DriverOutput.Parse(line, "hnswlib"));

        Assert.Contains(expected, e.Message);
        Assert.Contains(line, e.Message);
        Assert.Contains("hnswlib", e.Message);
    }

    [Theory]
    [InlineData("x.cpp:3:10: fatal error: hnswlib/hnswlib.h: No such file or directory\ncompilation terminated.", true)]
    [InlineData("/usr/bin/ld: cannot find -lfaiss: No such file or directory\ncollect2: error: ld returned 1 exit status", true)]
    [InlineData("x.cpp:9:5: error: 'setEf' was not declared in this scope", false)]
    public void AMissingLibraryIsToldFromAFault(string error, bool missing) =>
        Assert.Equal(missing, DriverCompiler.IsMissingPart(DriverCompiler.FirstFault(error)));

    [Theory]
    [InlineData("512", "avx2 fma avx512f", "")]
    [InlineData("256", "avx2 fma avx512f", "-mno-avx512f")]
    [InlineData("256", "avx2 fma", "")]
    [InlineData("128", "avx2 fma avx512f", "-mno-avx512f -mno-avx")]
    [InlineData("128", "asimd", "")]
    public void ADriverHasNoWiderRegistersThanOurKernels(string bits, string instructionSet, string flags)
    {
        Machine machine = new()
        {
            Cpu = "a processor",
            Cores = 2,
            SimdBits = bits,
            InstructionSet = instructionSet,
            OperatingSystem = "a system",
            Runtime = "a runtime",
        };

        Assert.Equal(flags, string.Join(' ', DriverCompiler.Narrowed(machine)));
    }

    [Fact]
    public void EveryDriverIsEmbeddedAndNamesWhatInstallsIt()
    {
        foreach (DriverSource driver in PeerEngine.All.Select(engine => engine.Driver).OfType<DriverSource>())
        {
            Assert.Contains("driver.h", DriverCompiler.Source(driver.File));
            Assert.Contains(driver.Package, driver.Install);
            Assert.StartsWith("apt-get install ", driver.Install);
        }
    }
}
