namespace Ann.Core.Indexes;

/// <summary>
/// Batches that build on each other, such as those of one stream. Once one of them failed, those behind it that were handed over already
/// fail too and change nothing: a producer's later batch must not be the reason why the retry of an earlier one looks written.
/// </summary>
internal sealed class WriteChain
{
    /// <summary>Why the first one failed that did; null while none has.</summary>
    internal AnnException? Failure { get; set; }
}
