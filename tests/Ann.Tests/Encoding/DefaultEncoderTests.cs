using Ann.Core.Files;
using Ann.Encoding;
using Ann.Encoding.Defaults;

namespace Ann.Tests.Encoding;

/// <summary>
/// Goal: the embedded default encoder needs nothing but a folder, gives the same rows everywhere, and forgives spelling.
/// Method: fresh cache folders; a small shelf of products as the world to search in.
/// </summary>
public sealed class DefaultEncoderTests
{
    private static readonly string[] Shelf =
    [
        "Wireless optical mouse, black",
        "Mechanical keyboard with blue switches",
        "Bluetooth over-ear headphones with noise cancelling",
        "Stainless steel kitchen knife set",
        "Running shoes for women, size 38",
        "USB-C charging cable 2 m",
        "Wooden mouse trap, pack of four",
        "Hiking boots, waterproof leather",
        "Crème brûlée torch for the kitchen",
        "Wi-Fi 6 router, dual band",
        "Head torch, rechargeable",
        "Moisturising face cream with aloe vera",
    ];

    [Fact]
    public void The_models_bytes_are_pinned()
    {
        byte[] model = DefaultModel.Write();

        Assert.Equal(DefaultModel.ContentHash, DefaultModel.Hash(model));
        Assert.InRange(model.Length, 8_000_000, 9_000_000);
    }

    [Fact]
    public void Two_encoders_with_caches_of_their_own_give_equal_rows_and_fingerprints()
    {
        using TemporaryFolder first = new(), second = new();
        using TextEncoder a = Open(first), b = Open(second);

        Assert.Equal(a.Info.Fingerprint, b.Info.Fingerprint);
        Assert.Equal(a.Encode(Shelf), b.Encode(Shelf));
        Assert.Equal(("default", 256, "cpu"), (a.Info.Name, a.Info.Dimension, a.Info.Provider));
    }

    [Theory]
    [InlineData("wireles mouse", 0)]
    [InlineData("blutooth headfones", 2)]
    [InlineData("mechancial keybord", 1)]
    [InlineData("kitchen knives", 3)]
    [InlineData("runing shoe woman", 4)]
    [InlineData("usb c cabel", 5)]
    [InlineData("mousetrap", 6)]
    [InlineData("creme brulee", 8)]
    [InlineData("CRÈME BRÛLÉE", 8)]
    [InlineData("wifi router", 9)]
    [InlineData("a cream for the face", 11)]
    public void A_query_finds_its_item_in_spite_of_its_spelling(string query, int expected)
    {
        using TemporaryFolder cache = new();
        using TextEncoder encoder = Open(cache);
        float[] row = encoder.Encode(query)[0];
        float[][] items = encoder.Encode(Shelf);

        int best = Enumerable.Range(0, items.Length).MaxBy(item => Rows.Dot(row, items[item]));

        Assert.Equal(Shelf[expected], Shelf[best]);
    }

    [Fact]
    public void A_text_gives_the_same_row_alone_and_in_a_batch()
    {
        using TemporaryFolder cache = new();
        using TextEncoder encoder = Open(cache);
        string[] texts = [.. Enumerable.Range(1, 150)
            .Select(i => string.Join(' ', Enumerable.Range(0, i * 7 % 90 + 1).Select(j => Shelf[(i + j) % 12])))];
        float[][] together = encoder.Encode(texts);

        for (int i = 0; i < texts.Length; i += 11)
            Assert.True(Rows.Cosine(encoder.Encode(texts[i])[0], together[i]) >= 0.9999, $"text {i}");
    }

    [Fact]
    public void Rows_have_length_one_and_a_text_without_words_gives_zeros()
    {
        using TemporaryFolder cache = new();
        using TextEncoder encoder = Open(cache);

        float[][] rows = encoder.Encode("the", "日本語のテキスト", "", " ,.!? ", "x");

        foreach (int row in (int[])[0, 1, 4])
            Assert.Equal(1, Rows.Dot(rows[row], rows[row]), tolerance: 1e-4);
        foreach (int row in (int[])[2, 3])
            Assert.All(rows[row], component => Assert.Equal(0, component));
    }

    [Fact]
    public void A_stop_word_weighs_much_less_than_a_word()
    {
        using TemporaryFolder cache = new();
        using TextEncoder encoder = Open(cache);

        float[][] rows = encoder.Encode("the mouse", "mouse", "the");

        Assert.True(Rows.Dot(rows[0], rows[1]) > 0.9);
        Assert.True(Rows.Dot(rows[0], rows[2]) < 0.35);
    }

    [Fact]
    public void A_damaged_cached_model_is_replaced_and_noticed()
    {
        using TemporaryFolder cache = new();
        float[][] expected;
        using (TextEncoder encoder = Open(cache))
            expected = encoder.Encode(Shelf);
        string file = cache[DefaultModelCache.FileName];
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 0x40;
        File.WriteAllBytes(file, bytes);

        using (TextEncoder encoder = Open(cache))
        {
            Assert.Contains(encoder.Info.Notices, notice => notice.Contains("damaged", StringComparison.Ordinal));
            Assert.Equal(expected, encoder.Encode(Shelf));
        }
        using (TextEncoder encoder = Open(cache))
            Assert.Empty(encoder.Info.Notices);
        Assert.Equal(DefaultModel.ContentHash, DefaultModel.Hash(File.ReadAllBytes(file)));
    }

    [Fact]
    public void Concurrent_first_uses_of_one_cache_do_not_collide()
    {
        using TemporaryFolder cache = new();

        Parallel.For(0, 8, _ =>
        {
            using TextEncoder encoder = Open(cache);
            Assert.Empty(encoder.Info.Notices);
        });

        Assert.Equal([cache[DefaultModelCache.FileName]], Directory.GetFiles(cache.Path));
    }

    [Fact]
    public void A_cache_that_cannot_be_written_is_a_notice()
    {
        using TemporaryFolder folder = new();
        folder.With("file", "not a directory");

        using TextEncoder encoder = TextEncoder.OpenDefault(PhysicalFileSystem.Instance, folder["file"], Cpu);

        Assert.Contains(encoder.Info.Notices, notice => notice.Contains("could not be written", StringComparison.Ordinal));
        Assert.Equal(1, Rows.Dot(encoder.Encode("x")[0], encoder.Encode("x")[0]), tolerance: 1e-4);
    }

    [Fact]
    public void Many_threads_may_encode_at_once()
    {
        using TemporaryFolder cache = new();
        using TextEncoder encoder = Open(cache);
        float[][] expected = encoder.Encode(Shelf);

        Parallel.For(0, 64, i =>
        {
            int item = i % Shelf.Length;
            Assert.True(Rows.Cosine(expected[item], encoder.Encode(Shelf[item])[0]) >= 0.9999);
        });
    }

    [Fact]
    public void A_cancelled_token_stops_the_work()
    {
        using TemporaryFolder cache = new();
        using TextEncoder encoder = Open(cache);

        Assert.Throws<OperationCanceledException>(
            () => encoder.Encode(Shelf, TextRole.Document, new float[Shelf.Length * 256], new CancellationToken(canceled: true)));
    }

    internal static EncoderOptions Cpu { get; } = new() { Providers = ["cpu"] };

    private static TextEncoder Open(TemporaryFolder cache) => TextEncoder.OpenDefault(PhysicalFileSystem.Instance, cache.Path, Cpu);
}
