namespace Ann.Encoding.Batching;

/// <summary>An encoder as batches are made for it.</summary>
/// <typeparam name="TInput">What one row is made of. Equal inputs have equal rows.</typeparam>
internal interface IBatchEncoder<TInput>
    where TInput : notnull, IEquatable<TInput>
{
    /// <summary>Which encoder it is.</summary>
    EncoderInfo Info { get; }

    /// <summary>Work of one run at most, in units of <see cref="WeightOf"/>; a single heavier input still runs alone.</summary>
    long MostWeight { get; }

    /// <summary>About how much work an input makes, at least 1: tokens, or features.</summary>
    long WeightOf(TInput input);

    /// <summary>About how many bytes an input takes of memory.</summary>
    long BytesOf(TInput input);

    /// <summary>Inputs of one run are all of one group.</summary>
    int GroupOf(TInput input);

    /// <summary>Encodes inputs of one group.</summary>
    /// <param name="inputs">One or more.</param>
    /// <param name="rows">Receives a row of the encoder's dimension for each.</param>
    /// <param name="cancellation">Ends it between inner batches.</param>
    /// <exception cref="Ann.Core.AnnException">An input cannot be encoded, or none can now. No row is to be used.</exception>
    void Encode(IReadOnlyList<TInput> inputs, Span<float> rows, CancellationToken cancellation);
}
