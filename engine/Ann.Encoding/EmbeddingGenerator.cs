using Ann.Core;
using Microsoft.Extensions.AI;

namespace Ann.Encoding;

/// <summary>
/// A text encoder as programs of Microsoft.Extensions.AI take one: texts in, an <see cref="Embedding{T}"/> of float32 each out, in process.
/// Safe for any number of threads at once.
/// </summary>
/// <remarks>
/// Some encoders put other words in front of texts that ask than of those that are found: the role of a generator is that of the texts
/// which it is given, unless a call says otherwise in <see cref="EmbeddingGenerationOptions.AdditionalProperties"/> under <see
/// cref="RoleProperty"/>, as a <see cref="TextRole"/> or as <c>query</c> or <c>document</c>.
/// </remarks>
public sealed class EmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>The additional property of a call that says what its texts are for.</summary>
    public const string RoleProperty = "role";

    /// <summary>Name of the provider in the metadata.</summary>
    public const string Provider = "annserver";

    private readonly TextEncoder _encoder;
    private readonly TextRole _role;
    private readonly bool _ownsEncoder;
    private readonly EmbeddingGeneratorMetadata _metadata;

    /// <param name="encoder">The encoder. Must not be disposed while this is used.</param>
    /// <param name="role">What texts are for where a call does not say: documents of a collection, or queries.</param>
    /// <param name="ownsEncoder">True to dispose the encoder with this. Default: false, it stays the caller's.</param>
    public EmbeddingGenerator(TextEncoder encoder, TextRole role, bool ownsEncoder = false)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        _encoder = encoder;
        _role = role;
        _ownsEncoder = ownsEncoder;
        _metadata = new EmbeddingGeneratorMetadata(Provider, null, encoder.Info.Name, encoder.Info.Dimension);
    }

    /// <summary>Encodes texts, on a thread of the pool.</summary>
    /// <param name="values">The texts, any number. None may be null.</param>
    /// <param name="options">
    /// The role (<see cref="RoleProperty"/>). <see cref="EmbeddingGenerationOptions.Dimensions"/> and <see
    /// cref="EmbeddingGenerationOptions.ModelId"/> must be the encoder's where they are set. Null: the defaults.
    /// </param>
    /// <param name="cancellationToken">Looked at between inner batches.</param>
    /// <returns>One embedding a text, in their order, of the encoder's dimension; its model is the encoder's name.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: an option does not fit the encoder, or the model gave NaN or infinity for a text; names the
    /// option or the text.
    /// </exception>
    /// <exception cref="OperationCanceledException">As asked.</exception>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        TextRole role = RoleOf(options);
        RequireFit(options);
        string[] texts = [.. values];
        foreach (string text in texts)
            ArgumentNullException.ThrowIfNull(text, nameof(values));
        return Task.Run(() => Generate(texts, role, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// This, its <see cref="EmbeddingGeneratorMetadata"/>, or its <see cref="TextEncoder"/>; null for any other type, and with a key.
    /// </summary>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        return new object[] { this, _metadata, _encoder }.FirstOrDefault(serviceType.IsInstanceOfType);
    }

    /// <summary>Disposes the encoder, where it is this one's.</summary>
    public void Dispose()
    {
        if (_ownsEncoder)
            _encoder.Dispose();
    }

    private GeneratedEmbeddings<Embedding<float>> Generate(string[] texts, TextRole role, CancellationToken cancellation)
    {
        int dimension = _encoder.Info.Dimension;
        float[] rows = new float[texts.Length * dimension];
        _encoder.Encode(texts, role, rows, cancellation);
        GeneratedEmbeddings<Embedding<float>> embeddings = new(texts.Length);
        for (int i = 0; i < texts.Length; i++)
        {
            // Each has its own array: one that is kept must not keep the others.
            embeddings.Add(new Embedding<float>(rows.AsSpan(i * dimension, dimension).ToArray()) { ModelId = _encoder.Info.Name });
        }
        return embeddings;
    }

    private TextRole RoleOf(EmbeddingGenerationOptions? options)
    {
        if (options?.AdditionalProperties?.TryGetValue(RoleProperty, out object? role) != true || role is null)
            return _role;
        return role switch
        {
            TextRole said => said,
            "query" => TextRole.Query,
            "document" => TextRole.Document,
            _ => throw AnnException.Invalid(RoleProperty, $"role is '{role}'; expected query or document."),
        };
    }

    private void RequireFit(EmbeddingGenerationOptions? options)
    {
        EncoderInfo own = _encoder.Info;
        if (options?.Dimensions is int dimension && dimension != own.Dimension)
            throw AnnException.Invalid("dimensions", $"dimensions is {dimension}; encoder '{own.Name}' has {own.Dimension}.");
        if (options?.ModelId is { } model && model != own.Name)
            throw AnnException.Invalid("model_id", $"model_id is '{model}'; the encoder is '{own.Name}'.");
    }
}
