using System.Runtime.InteropServices;
using Ann.Core.Files;
using Ann.Core.Segments;
using Ann.Encoding;
using Ann.Protocol.V1;
using Ann.Server;
using Ann.Tests.Encoding;
using TextRole = Ann.Encoding.TextRole;

namespace Ann.Tests.Server;

/// <summary>Servers of an index of some texts by the embedded encoder, and of one of vectors by a tower of features.</summary>
internal static class TextShop
{
    public static readonly string[] Texts = ["wireless mouse", "garden hose", "steel kettle", "wool socks", "desk lamp"];

    /// <summary>Vectors of the index <c>users</c>, which <see cref="TinyModels.UserTower"/> makes queries for.</summary>
    public static readonly float[][] Items = [[1, 0], [0, 1], [-1, 0], [0, -1]];

    /// <summary>Starts a server of the indexes <c>shop</c>, <c>users</c> and the samples.</summary>
    public static async Task<RunningServer> StartAsync(SampleIndexes samples, Action<ServerOptions>? configure = null)
    {
        string cache = samples.NewDirectory();
        string shop = Path.Combine(samples.NewDirectory(), "shop.ann");
        string tower = Path.Combine(samples.NewDirectory(), "users.onnx");
        await File.WriteAllBytesAsync(tower, TinyModels.UserTower());
        string users = Path.Combine(samples.NewDirectory(), "users.ann");
        using (TextEncoder encoder = TextEncoder.OpenDefault(PhysicalFileSystem.Instance, cache))
        {
            float[] rows = new float[Texts.Length * encoder.Info.Dimension];
            encoder.Encode(Texts, TextRole.Document, rows);
            Build(shop, encoder.Info, Ann.Core.Metric.Cosine, rows, null);
        }
        using (FeatureEncoder encoder = FeatureEncoder.Open(tower))
            Build(users, encoder.Info, Ann.Core.Metric.InnerProduct, [.. Items.SelectMany(static row => row)], null);
        return await RunningServer.StartAsync(samples, options =>
        {
            options.EmbeddedEncoder = true;
            options.EncoderCacheDirectory = cache;
            options.EncoderDirectories.Add(tower);
            options.IndexFiles.Add(shop);
            options.IndexFiles.Add(users);
            configure?.Invoke(options);
        });
    }

    /// <summary>Builds an index file.</summary>
    /// <returns>Its generation.</returns>
    public static string Build(string path, EncoderInfo encoder, Ann.Core.Metric metric, float[] rows, long? logPosition)
    {
        int count = rows.Length / encoder.Dimension;
        using SegmentBuilder builder = new(count, encoder.Dimension, new SegmentBuildOptions
        {
            Metric = metric,
            EncoderFingerprint = encoder.FingerprintText,
            EncoderName = encoder.Name,
            LogPosition = logPosition,
        });
        for (int row = 0; row < count; row++)
            builder.Add(rows.AsSpan(row * encoder.Dimension, encoder.Dimension));
        builder.Build(Ann.Core.Keys.KeyColumn.Ordinals(count));
        builder.Write(PhysicalFileSystem.Instance, path);
        return builder.Generation!;
    }

    /// <summary>The vectors that the server makes of texts.</summary>
    public static async Task<VectorBatch> EmbedAsync(RunningServer server, params string[] texts) =>
        (await server.Retrieval.EmbedAsync(new EmbedRequest { Index = "shop", Texts = { texts } })).Vectors;

    /// <summary>A batch as one row after another.</summary>
    public static float[] Floats(VectorBatch batch) => MemoryMarshal.Cast<byte, float>(batch.Data.Span).ToArray();
}
