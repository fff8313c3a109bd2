using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding;
using Ann.Encoding.Onnx;

namespace Ann.Tests.Encoding;

/// <summary>
/// Goal: an encoder runs on the best provider there is, says when that is not the first choice, and refuses where told to.
/// </summary>
public sealed class ExecutionProviderTests
{
    [Fact]
    public void The_cpu_needs_no_notice()
    {
        EncoderInfo info = Open(new EncoderOptions { Providers = ["cpu"], RequireProvider = true });

        Assert.Equal(("cpu", false, 0), (info.Provider, info.ProviderFellBack, info.Notices.Count));
    }

    [Fact]
    public void What_this_build_was_made_for_needs_no_notice()
    {
        SkipWhereAvailable("CUDAExecutionProvider");

        EncoderInfo info = Open(new EncoderOptions());

        Assert.Equal(("cpu", false, 0), (info.Provider, info.ProviderFellBack, info.Notices.Count));
    }

    [Fact]
    public void A_missing_provider_falls_back_with_a_notice()
    {
        SkipWhereAvailable("TensorrtExecutionProvider");

        EncoderInfo info = Open(new EncoderOptions { Providers = ["tensorrt"] });

        Assert.Equal(("cpu", true), (info.Provider, info.ProviderFellBack));
        Assert.Contains("Provider 'tensorrt' cannot be used", Assert.Single(info.Notices));
    }

    [Fact]
    public void A_required_provider_that_is_missing_is_an_error_that_tells_what_there_is()
    {
        SkipWhereAvailable("CUDAExecutionProvider");

        AnnException error = Assert.Throws<AnnException>(
            () => Open(new EncoderOptions { Providers = ["cuda", "cpu"], RequireProvider = true }));

        Assert.Equal(AnnError.FailedPrecondition, error.Error);
        Assert.Contains("'cuda' is required", error.Message);
        Assert.Contains("CPUExecutionProvider", error.Message);
    }

    [Fact]
    public void A_plug_in_library_that_is_not_there_is_treated_like_any_missing_provider()
    {
        const string Library = "/nowhere/libprovider.so";

        EncoderInfo info = Open(new EncoderOptions { Providers = [Library, "cpu"] });
        AnnException error = Assert.Throws<AnnException>(() => Open(new EncoderOptions { Providers = [Library], RequireProvider = true }));

        Assert.True(info.ProviderFellBack);
        Assert.Contains(Library, error.Message);
    }

    [Theory]
    [InlineData("gpu", "Provider 'gpu' is unknown; expected auto, tensorrt, cuda, cpu, or the path of a plug-in provider library")]
    [InlineData("", "Provider '' is unknown")]
    public void An_unknown_name_is_refused(string name, string message)
    {
        AnnException error = Assert.Throws<AnnException>(() => Open(new EncoderOptions { Providers = ["cpu", name] }));

        Assert.Equal("providers", error.Field);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        AssertRefused("providers", new EncoderOptions { Providers = [] });
        AssertRefused("threads", new EncoderOptions { Threads = -1 });
        AssertRefused("device", new EncoderOptions { Device = -1 });
        AssertRefused("max_batch_rows", new EncoderOptions { MaxBatchRows = 0 });
        AssertRefused("max_batch_tokens", new EncoderOptions { MaxBatchTokens = 1 });

        static void AssertRefused(string field, EncoderOptions options) =>
            Assert.Equal(field, Assert.Throws<AnnException>(() => Open(options)).Field);
    }

    private static EncoderInfo Open(EncoderOptions options)
    {
        using TemporaryFolder folder = TextEncoderTests.Described("{}");
        using TextEncoder encoder = TextEncoder.Open(PhysicalFileSystem.Instance, folder.Path, options);
        return encoder.Info;
    }

    private static void SkipWhereAvailable(string provider) =>
        Assert.SkipWhen(ExecutionProviders.Available().Contains(provider, StringComparison.Ordinal), $"This build has {provider}.");
}
