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

    [Fact]
    public void A_provider_that_is_built_in_and_cannot_be_used_tells_its_cause()
    {
        Assert.SkipUnless(
            ExecutionProviders.Available().Contains("CUDAExecutionProvider", StringComparison.Ordinal), "This build has no CUDA.");

        EncoderInfo info = Open(new EncoderOptions());

        Assert.SkipWhen(info.Provider == "cuda", "This machine has a GPU.");
        Assert.Equal(("cpu", true), (info.Provider, info.ProviderFellBack));
        Assert.Matches(
            "^Provider 'cuda' cannot be used: (lib[a-zA-Z]+\\.so\\.\\d+: cannot open shared object file|CUDA failure \\d+: )[^\n]*\\.$",
            Assert.Single(info.Notices));
    }

    [Theory]
    [InlineData(
        "[ErrorCode:Fail] /onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:2059 onnxruntime::Provider& "
        + "onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library /a/libonnxruntime_providers_cuda.so "
        + "with error: libcublasLt.so.13: cannot open shared object file: No such file or directory\n",
        "libcublasLt.so.13: cannot open shared object file: No such file or directory.")]
    [InlineData(
        "[ErrorCode:Fail] /onnxruntime_src/onnxruntime/core/providers/cuda/cuda_execution_provider_info.cc:66 static onnxruntime::X "
        + "[ONNXRuntimeError] : 1 : FAIL : provider_options_utils.h:187 Parse Failed to parse provider option \"device_id\": "
        + "CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=vm ; file=/x.cc ; line=73 ; expr=cudaGetDeviceCount",
        "CUDA failure 100: no CUDA-capable device is detected.")]
    [InlineData("[ErrorCode:NoSuchFile] The file is not there", "The file is not there")]
    public void The_cause_is_found_in_what_the_runtime_says(string message, string cause) =>
        Assert.Equal(cause, ProviderFailure.Cause(message));

    [Theory]
    [InlineData("auto", "gpu_mem_limit=1", "'gpu_mem_limit=1' is none; expected PROVIDER.OPTION=VALUE")]
    [InlineData("auto", "cuda.=1", "'cuda.=1' is none")]
    [InlineData("auto", "rocm.a=1", "is of 'rocm'; expected cuda, tensorrt, plugin")]
    [InlineData("cpu", "cuda.use_tf32=0", "is of cuda, which is not among the providers cpu")]
    [InlineData("cuda", "tensorrt.trt_builder_optimization_level=1", "is of tensorrt, which is not among the providers cuda")]
    [InlineData("cuda", "plugin.a=1", "is of plugin, which is not among")]
    [InlineData("cuda", "cuda.bogus=1", "'cuda.bogus' is unknown; known are gpu_mem_limit, arena_extend_strategy")]
    [InlineData("cuda", "cuda.device_id=1", "The device has an option of its own")]
    [InlineData("cuda", "cuda.gpu_mem_limit=2g", "'cuda.gpu_mem_limit' is '2g'; expected bytes from 1")]
    [InlineData("cuda", "cuda.use_tf32=yes", "'cuda.use_tf32' is 'yes'; expected 0, 1")]
    [InlineData("cuda", "cuda.enable_cuda_graph=1", "'cuda.enable_cuda_graph' is '1'; expected 0")]
    [InlineData("tensorrt", "tensorrt.trt_max_workspace_size=-1", "expected bytes from 1")]
    public void A_broken_provider_option_is_refused(string provider, string option, string message)
    {
        EncoderOptions options = new() { Providers = [provider], ProviderOptions = [option] };

        AnnException error = Assert.Throws<AnnException>(() => Open(options));

        Assert.Equal("provider_options", error.Field);
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void Good_provider_options_are_told_apart_by_provider()
    {
        EncoderOptions options = new()
        {
            Providers = ["tensorrt", "/a/plugin.so"],
            ProviderOptions = ["cuda.use_tf32=0", "tensorrt.trt_max_workspace_size=5", "plugin.a.b=c=d", "cuda.gpu_mem_limit=7"],
        };

        ProviderOptions parsed = options.ParsedProviderOptions();

        Assert.Equal(["gpu_mem_limit=7", "use_tf32=0"], parsed.Cuda.Select(o => $"{o.Key}={o.Value}").Order());
        Assert.Equal(["trt_max_workspace_size=5"], parsed.TensorRt.Select(o => $"{o.Key}={o.Value}"));
        Assert.Equal(["a.b=c=d"], parsed.PlugIn.Select(o => $"{o.Key}={o.Value}"));
        Assert.Throws<AnnException>(() => Open(options with { ProviderOptions = ["cuda.use_tf32=0", "cuda.use_tf32=1"] }));
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
