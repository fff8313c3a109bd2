namespace Ann.Tool.Interactions;

/// <summary>What is asked of an evaluation by what users took.</summary>
/// <param name="Index">The <c>.ann</c> file.</param>
/// <param name="Queries">File of the users' vectors, whose keys are the users.</param>
/// <param name="HeldOut">File of the held-out events.</param>
/// <param name="K">Items of an answer.</param>
/// <param name="Ef">Beam widths.</param>
/// <param name="Seed">Of the bootstrap.</param>
internal sealed record InteractionAsk(string Index, string Queries, string HeldOut, int K, int[] Ef, int Seed)
{
    /// <summary>File of the events before; null for none.</summary>
    public string? Seen { get; init; }

    /// <summary>An <c>.ann</c> file of before; null for none.</summary>
    public string? Previous { get; init; }
}
