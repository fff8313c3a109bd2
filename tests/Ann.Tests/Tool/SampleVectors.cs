using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Tests.Files.Formats;

namespace Ann.Tests.Tool;

/// <summary>Small vector files: random rows in clusters, the same for the same seed.</summary>
internal static class SampleVectors
{
    public const int Dimension = 16;

    public static string Write(TemporaryFolder folder, string name, int rows, int seed = 1)
    {
        Random random = new(seed);
        using VectorWriter writer = VectorFile.CreateWriter(PhysicalFileSystem.Instance, folder[name], rows, Dimension);
        float[] row = new float[Dimension];
        for (int i = 0; i < rows; i++)
        {
            for (int component = 0; component < Dimension; component++)
                row[component] = random.NextSingle() - 0.5f + (component == i % Dimension ? 1 : 0);
            writer.Write(row);
        }
        writer.Commit();
        return folder[name];
    }

    /// <summary>Builds an index of such rows with the tool itself.</summary>
    public static async Task<string> BuildAsync(TemporaryFolder folder, string name, int rows, string metric = "l2")
    {
        string input = Write(folder, name + ".fbin", rows);
        (await ToolRun.RunAsync("build", "--input", input, "--metric", metric, "--output", folder[name + ".ann"])).Expect(0);
        return folder[name + ".ann"];
    }
}
