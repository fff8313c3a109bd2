using Ann.Encoding;

namespace Ann.Tests.Encoding;

/// <summary>What the encoder tests compute with rows, by plain loops.</summary>
internal static class Rows
{
    public static float[][] Encode(this TextEncoder encoder, params string[] texts) => encoder.Encode(TextRole.Document, texts);

    public static float[][] Encode(this TextEncoder encoder, TextRole role, params string[] texts)
    {
        float[] rows = new float[texts.Length * encoder.Info.Dimension];
        encoder.Encode(texts, role, rows);
        return Split(rows, encoder.Info.Dimension);
    }

    public static float[][] Split(float[] rows, int dimension) => [.. rows.Chunk(dimension)];

    public static double Cosine(float[] a, float[] b) => Dot(a, b) / Math.Sqrt(Dot(a, a) * Dot(b, b));

    public static double Dot(float[] a, float[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }

    public static double MaxDifference(float[] a, float[] b)
    {
        Assert.Equal(a.Length, b.Length);
        double most = 0;
        for (int i = 0; i < a.Length; i++)
            most = Math.Max(most, Math.Abs((double)a[i] - b[i]));
        return most;
    }
}
