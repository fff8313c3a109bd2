using Ann.Core;
using Ann.Encoding;
using Ann.Encoding.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Ann.Tests.Encoding;

/// <summary>
/// Goal: an encoder whose device is lost goes on with the next provider of its list, once, and says so; what else fails stays an error.
/// Method: sessions of the CPU that call themselves <c>gpu</c> and fail when told to.
/// </summary>
public sealed class LostDeviceTests
{
    [Fact]
    public void Texts_are_encoded_by_the_next_provider()
    {
        using TemporaryFolder folder = TextEncoderTests.Described("""{ "pooling": "mean" }""");
        FakeDevices devices = new();
        List<string> heard = [];
        using TextEncoder encoder = TextEncoderTests.Open(folder, devices.Options with { ProviderLost = (_, notice) => heard.Add(notice) });
        float[] expected = encoder.Encode("red shoes")[0];
        EncoderInfo before = encoder.Info;

        devices.Fail(AnnError.Unavailable);
        float[] found = encoder.Encode("red shoes")[0];

        Assert.Equal(expected, found);
        Assert.Equal(("gpu", false), (before.Provider, before.ProviderFellBack));
        Assert.Equal(("cpu", true), (encoder.Info.Provider, encoder.Info.ProviderFellBack));
        Assert.Equal(before.Fingerprint, encoder.Info.Fingerprint);
        Assert.Equal(["Provider 'gpu' was lost and 'cpu' took its place: a device failed"], heard);
        Assert.Equal(heard, encoder.Info.Notices);
        Assert.Equal(["gpu", "cpu"], devices.Opened);
    }

    [Fact]
    public void Calls_under_way_move_together_and_the_model_is_opened_once()
    {
        const int Calls = 8;
        using TemporaryFolder folder = TextEncoderTests.Described("{}");
        using Barrier together = new(Calls);
        FakeDevices devices = new() { BeforeFailing = together.SignalAndWait };
        using TextEncoder encoder = TextEncoderTests.Open(folder, devices.Options);
        float[] expected = encoder.Encode("blue shoe")[0];

        devices.Fail(AnnError.Unavailable);
        float[][] found = new float[Calls][];
        Thread[] threads = [.. Enumerable.Range(0, Calls).Select(i => new Thread(() => found[i] = encoder.Encode("blue shoe")[0]))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();

        Assert.All(found, row => Assert.Equal(expected, row));
        Assert.Equal(["gpu", "cpu"], devices.Opened);
    }

    [Fact]
    public void Features_are_encoded_by_the_next_provider()
    {
        using TemporaryFolder folder = new TemporaryFolder().With("model.onnx", TinyModels.UserTower());
        FakeDevices devices = new();
        using FeatureEncoder encoder = FeatureEncoder.Open(folder.Path, devices.Options);
        float[] row = new float[2];

        devices.Fail(AnnError.Unavailable);
        encoder.Encode([1f, 0, 2], rows: 1, row);

        Assert.Equal([11, 14], row);
        Assert.Equal("cpu", encoder.Info.Provider);
    }

    [Theory]
    [InlineData(AnnError.Overloaded, false)]
    [InlineData(AnnError.InvalidArgument, false)]
    [InlineData(AnnError.Unavailable, true)]
    public void Memory_and_bad_input_are_no_lost_device_and_a_required_provider_is_never_replaced(AnnError error, bool required)
    {
        using TemporaryFolder folder = TextEncoderTests.Described("{}");
        FakeDevices devices = new();
        using TextEncoder encoder = TextEncoderTests.Open(folder, devices.Options with { RequireProvider = required });

        devices.Fail(error);

        Assert.Equal(error, Assert.Throws<AnnException>(() => encoder.Encode("red")).Error);
        Assert.Equal(error, Assert.Throws<AnnException>(() => encoder.Encode("red")).Error);
        Assert.Equal("gpu", encoder.Info.Provider);
        Assert.Equal(["gpu"], devices.Opened);
    }

    [Fact]
    public void What_took_its_place_is_not_replaced_again()
    {
        using TemporaryFolder folder = TextEncoderTests.Described("{}");
        FakeDevices devices = new() { Last = "gpu-2" };
        using TextEncoder encoder = TextEncoderTests.Open(folder, devices.Options);
        devices.Fail(AnnError.Unavailable);
        encoder.Encode("red");

        devices.FailAll(AnnError.Unavailable);

        Assert.Equal(AnnError.Unavailable, Assert.Throws<AnnException>(() => encoder.Encode("red")).Error);
        Assert.Equal(["gpu", "gpu-2"], devices.Opened);
    }

    [Fact]
    public void Another_model_in_the_place_of_the_first_is_not_opened()
    {
        using TemporaryFolder folder = TextEncoderTests.Described("{}");
        FakeDevices devices = new();
        using TextEncoder encoder = TextEncoderTests.Open(folder, devices.Options);
        folder.With("model.onnx", TinyModels.Bert(batch: "rows"));

        devices.Fail(AnnError.Unavailable);
        AnnException error = Assert.Throws<AnnException>(() => encoder.Encode("red"));

        Assert.Equal(AnnError.Unavailable, error.Error);
        Assert.Contains("a device failed Nothing takes its place: ", error.Message);
        Assert.Contains("model.onnx is another model than the one that was opened", error.Message);
    }

    [Theory]
    [InlineData("CUDA failure 719: unspecified launch failure ; GPU=0", AnnError.Unavailable)]
    [InlineData("CUBLAS failure 14: CUBLAS_STATUS_INTERNAL_ERROR", AnnError.Unavailable)]
    [InlineData("Failed to allocate memory for requested buffer of size 4294967296", AnnError.Overloaded)]
    [InlineData("CUDA failure 2: out of memory ; GPU=0", AnnError.Overloaded)]
    [InlineData("Available memory of 5 is smaller than requested bytes of 6", AnnError.Overloaded)]
    [InlineData("Got invalid dimensions for input: features", AnnError.InvalidArgument)]
    public void What_a_run_says_is_told_apart(string message, AnnError error) =>
        Assert.Equal(error, RunFailure.Of("model.onnx", new InvalidOperationException(message)).Error);

    /// <summary>The first session is of a device that fails; every later one works.</summary>
    private sealed class FakeDevices
    {
        private volatile bool _firstFails, _allFail;
        private AnnError _error;

        public List<string> Opened { get; } = [];

        public Action? BeforeFailing { get; init; }

        public string Last { get; init; } = "cpu";

        public EncoderOptions Options => DefaultEncoderTests.Cpu with { Around = Stand };

        public void Fail(AnnError error) => (_error, _firstFails) = (error, true);

        public void FailAll(AnnError error) => (_error, _allFail) = (error, true);

        private FakeSession Stand(IModelSession session)
        {
            bool isFirst = Opened.Count == 0;
            FakeSession fake = new(session, isFirst ? "gpu" : Last, () =>
            {
                if (!(_allFail || (isFirst && _firstFails)))
                    return;
                BeforeFailing?.Invoke();
                throw new AnnException(_error, "a device failed");
            });
            Opened.Add(fake.Provider);
            return fake;
        }
    }

    private sealed class FakeSession(IModelSession inner, string provider, Action beforeRun) : IModelSession
    {
        public string Provider => provider;

        public IReadOnlyList<string> NextProviders => provider == "cpu" ? [] : ["cpu"];

        public IReadOnlyList<string> Refusals => inner.Refusals;

        public IReadOnlyList<GraphPort> Inputs => inner.Inputs;

        public IReadOnlyList<GraphPort> Outputs => inner.Outputs;

        public OrtAllocator? PinnedMemory => inner.PinnedMemory;

        public void Run(string[] inputNames, OrtValue[] inputs, string[] outputNames, OrtValue[] outputs)
        {
            beforeRun();
            inner.Run(inputNames, inputs, outputNames, outputs);
        }

        public long[] ShapeOf(string[] inputNames, OrtValue[] inputs, string[] outputNames) =>
            inner.ShapeOf(inputNames, inputs, outputNames);

        public void Dispose() => inner.Dispose();
    }
}
