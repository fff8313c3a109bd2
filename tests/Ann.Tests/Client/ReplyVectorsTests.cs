using Ann.Client;
using Ann.Protocol.V1;
using Ann.Tests.Server;
using Google.Protobuf;

namespace Ann.Tests.Client;

/// <summary>Goal: rows of replies are read as numbers, in place; what is no such row is refused.</summary>
[Collection(typeof(ServerTests))]
public sealed class ReplyVectorsTests(ShopServer shop) : IClassFixture<ShopServer>
{
    [Fact]
    public async Task TheRowsOfAReplyAreThoseOfTheItems()
    {
        using AnnClient client = new(shop.Server.Host.Address);
        ulong[] keys = [5, 300, 2];
        FetchResponse found = await client.Index("shop").FetchAsync(keys, withVectors: true);

        for (int i = 0; i < keys.Length; i++)
            Assert.Equal(shop.Items[(int)keys[i] - 1].Row, found.Vectors.RowAt(i).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => found.Vectors.RowAt(3).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => found.Vectors.RowAt(-1).Length);
    }

    [Theory]
    [InlineData(Dtype.F16, 2u, 8)]
    [InlineData(Dtype.Unspecified, 2u, 8)]
    [InlineData(Dtype.F32, 0u, 8)]
    public void OtherVectorsAreRefused(Dtype dtype, uint dimension, int bytes)
    {
        VectorBatch vectors = new() { Dtype = dtype, Dim = dimension, Data = ByteString.CopyFrom(new byte[bytes]) };
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => vectors.RowAt(0).Length);
        Assert.Contains($"{dtype}", refusal.Message, StringComparison.Ordinal);
    }
}
