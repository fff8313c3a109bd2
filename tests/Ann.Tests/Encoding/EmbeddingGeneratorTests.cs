using Ann.Core;
using Ann.Encoding;
using Microsoft.Extensions.AI;

namespace Ann.Tests.Encoding;

/// <summary>Goal: programs of Microsoft.Extensions.AI get the encoder's own rows, in the role that they say.</summary>
public sealed class EmbeddingGeneratorTests : IDisposable
{
    private readonly TemporaryFolder _folder = TextEncoderTests.Described("""{ "query_prefix": "red ", "document_prefix": "blue " }""");
    private readonly TextEncoder _encoder;

    public EmbeddingGeneratorTests() => _encoder = TextEncoder.Open(_folder.Path);

    public void Dispose()
    {
        _encoder.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(TextRole.Query, null, TextRole.Query)]
    [InlineData(TextRole.Document, null, TextRole.Document)]
    [InlineData(TextRole.Document, TextRole.Query, TextRole.Query)]
    [InlineData(TextRole.Document, "query", TextRole.Query)]
    [InlineData(TextRole.Query, "document", TextRole.Document)]
    public async Task EmbeddingsAreTheRowsOfTheRole(TextRole own, object? said, TextRole expected)
    {
        using EmbeddingGenerator generator = new(_encoder, own);
        EmbeddingGenerationOptions options = new() { AdditionalProperties = new() { [EmbeddingGenerator.RoleProperty] = said } };
        string[] texts = ["shoe", "", "red shoes!"];

        GeneratedEmbeddings<Embedding<float>> found = await generator.GenerateAsync(
            texts, options, TestContext.Current.CancellationToken);

        int dimension = _encoder.Info.Dimension;
        float[] rows = new float[texts.Length * dimension];
        _encoder.Encode(texts, expected, rows, CancellationToken.None);
        Assert.Equal(rows, found.SelectMany(static embedding => embedding.Vector.ToArray()));
        Assert.All(found, embedding => Assert.Equal((_encoder.Info.Name, dimension), (embedding.ModelId, embedding.Dimensions)));
    }

    [Fact]
    public async Task OneTextIsTheExtensionsOfOthersToAskFor()
    {
        using EmbeddingGenerator generator = new(_encoder, TextRole.Query);
        Assert.Equal(
            _encoder.Info.Dimension, (await generator.GenerateVectorAsync("shoe", null, TestContext.Current.CancellationToken)).Length);
        Assert.Empty(await generator.GenerateAsync([], null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void ServicesAreWhatItIsMadeOf()
    {
        using EmbeddingGenerator generator = new(_encoder, TextRole.Query);
        EmbeddingGeneratorMetadata metadata = generator.GetService<EmbeddingGeneratorMetadata>()!;
        Assert.Equal(
            (EmbeddingGenerator.Provider, _encoder.Info.Name, (int?)_encoder.Info.Dimension),
            (metadata.ProviderName, metadata.DefaultModelId, metadata.DefaultModelDimensions));
        Assert.Same(_encoder, generator.GetService<TextEncoder>());
        Assert.Same(generator, generator.GetService<IEmbeddingGenerator<string, Embedding<float>>>());
        Assert.Null(generator.GetService<TextEncoder>("a key"));
        Assert.Null(generator.GetService<string>());
    }

    [Fact]
    public async Task WhatDoesNotFitIsNamed()
    {
        using EmbeddingGenerator generator = new(_encoder, TextRole.Query);
        Assert.Equal("dimensions", (await Refused(new() { Dimensions = 5 })).Field);
        Assert.Equal("model_id", (await Refused(new() { ModelId = "other" })).Field);
        Assert.Equal("role", (await Refused(new() { AdditionalProperties = new() { ["role"] = "both" } })).Field);
        await generator.GenerateAsync(
            ["shoe"], new() { Dimensions = _encoder.Info.Dimension, ModelId = _encoder.Info.Name }, TestContext.Current.CancellationToken);
        AnnException broken = await Assert.ThrowsAsync<AnnException>(
            () => generator.GenerateAsync(["shoe", "broken"], null, TestContext.Current.CancellationToken));
        Assert.Equal("rows[1]", broken.Field);

        async Task<AnnException> Refused(EmbeddingGenerationOptions options) => await Assert.ThrowsAsync<AnnException>(
            () => generator.GenerateAsync(["shoe"], options, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ACancelledCallEnds()
    {
        using EmbeddingGenerator generator = new(_encoder, TextRole.Query);
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generator.GenerateAsync(["shoe"], null, cancelled.Token));
    }

    [Fact]
    public async Task AnEncoderThatIsTheCallersOutlivesItsGenerator()
    {
        using (EmbeddingGenerator generator = new(_encoder, TextRole.Query))
            await generator.GenerateAsync(["shoe"], null, TestContext.Current.CancellationToken);
        float[] row = new float[_encoder.Info.Dimension];
        _encoder.Encode(["shoe"], TextRole.Query, row, CancellationToken.None);
        Assert.Contains(row, static component => component != 0);
    }
}
