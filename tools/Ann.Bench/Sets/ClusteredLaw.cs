using Ann.Core;

namespace Ann.Bench.Sets;

/// <summary>
/// 2,000 clusters whose sizes follow a power law, in a latent space of dimension 24 that a random map embeds, plus noise in all
/// dimensions: what learnt embeddings look like, and easier than their dimension says.
/// </summary>
internal sealed class ClusteredLaw : VectorLaw
{
    /// <summary>Clusters.</summary>
    public const int Clusters = 2000;

    /// <summary>Dimension of the latent space.</summary>
    public const int Latent = 24;

    /// <summary>Spread of a cluster, where the centres' own is 1.</summary>
    private const float Spread = 0.6f;

    /// <summary>Standard deviation of the noise in each dimension, where the embedded centres' own is about 1.</summary>
    private const float Noise = 0.12f;

    private readonly float[] _centres = new float[Clusters * Latent];
    private readonly float[] _map;
    private readonly double[] _cumulative = new double[Clusters];

    public ClusteredLaw(ulong seed, int dimension)
        : base(seed, dimension)
    {
        _map = new float[Latent * dimension];
        RowRandom random = new(seed, LawStream, 0);
        float scale = (float)(1 / Math.Sqrt(Latent));
        foreach (ref float value in _map.AsSpan())
            value = random.NextNormal() * scale;
        foreach (ref float value in _centres.AsSpan())
            value = random.NextNormal();

        double sum = 0;
        for (int i = 0; i < Clusters; i++)
            _cumulative[i] = sum += 1 / Math.Sqrt(i + 1.0);
        for (int i = 0; i < Clusters; i++)
            _cumulative[i] /= sum;
    }

    /// <inheritdoc/>
    public override Metric Metric => Metric.Cosine;

    /// <inheritdoc/>
    public override void Draw(int stream, long row, Span<float> values)
    {
        RowRandom random = new(Seed, stream, row);
        ReadOnlySpan<float> centre = _centres.AsSpan(ClusterOf(random.NextUniform()) * Latent, Latent);
        foreach (ref float value in values)
            value = random.NextNormal() * Noise;
        for (int i = 0; i < Latent; i++)
        {
            float latent = centre[i] + (random.NextNormal() * Spread);
            ReadOnlySpan<float> axis = _map.AsSpan(i * values.Length, values.Length);
            for (int j = 0; j < values.Length; j++)
                values[j] += latent * axis[j]; // Two roundings: a fused one would give other bits where there is none.
        }
    }

    private int ClusterOf(double uniform)
    {
        int place = Array.BinarySearch(_cumulative, uniform);
        return Math.Min(place < 0 ? ~place : place, Clusters - 1);
    }
}
