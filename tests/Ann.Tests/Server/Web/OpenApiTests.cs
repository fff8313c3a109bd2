using System.Text.Json;

namespace Ann.Tests.Server.Web;

/// <summary>Goal: the document has every call as it is, so that a generator makes a client of it.</summary>
[Collection(typeof(ServerTests))]
public sealed class OpenApiTests(SampleIndexes samples)
{
    [Fact]
    public async Task TheDocumentHasEveryCallWithItsComment()
    {
        await using WebServer web = await WebServer.StartAsync(samples);

        JsonElement document = (await web.GetAsync("/openapi/v1.json")).Expect();

        string[] wanted =
        [
            .. from rule in RestCallsTests.Rules
               where rule.Rule is not null
               from one in rule.Rule!.AdditionalBindings.Prepend(rule.Rule).Index()
               let method = one.Item.PatternCase.ToString().ToLowerInvariant()
               let name = $"{rule.Method.Service.Name}_{rule.Method.Name}{(one.Index == 0 ? "" : $"_{one.Index + 1}")}"
               select $"{method} {RestCallsTests.PathOf(one.Item)} {name}",
        ];
        string[] told =
        [
            .. from path in document.GetProperty("paths").EnumerateObject()
               from method in path.Value.EnumerateObject()
               select $"{method.Name} {path.Name} {method.Value.GetProperty("operationId").GetString()}",
        ];
        Assert.Equal(wanted.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.All(
            document.GetProperty("paths").EnumerateObject().SelectMany(static path => path.Value.EnumerateObject()),
            static method => Assert.True(method.Value.GetProperty("summary").GetString()!.Length > 20));
    }

    [Fact]
    public async Task ItsTypesAreThoseOfTheWire()
    {
        await using WebServer web = await WebServer.StartAsync(samples);

        JsonElement schemas = (await web.GetAsync("/openapi/v1.json")).Expect().GetProperty("components").GetProperty("schemas");

        JsonElement keys = schemas.GetProperty("KeyColumn").GetProperty("properties");
        Assert.Equal("string", keys.GetProperty("texts").GetProperty("items").GetProperty("type").GetString());
        Assert.Equal("string", keys.GetProperty("numbers").GetProperty("items").GetProperty("type").GetString());
        JsonElement batch = schemas.GetProperty("VectorBatch").GetProperty("properties");
        Assert.Equal("number", batch.GetProperty("values").GetProperty("items").GetProperty("type").GetString());
        string message = schemas.GetProperty("VectorBatch").GetProperty("description").GetString()!;
        Assert.Contains("row after row", message, StringComparison.Ordinal);
        Assert.Contains("little-endian", batch.GetProperty("data").GetProperty("description").GetString(), StringComparison.Ordinal);
        JsonElement metrics = schemas.GetProperty("Metric").GetProperty("enum");
        Assert.Contains("METRIC_COSINE", metrics.EnumerateArray().Select(static one => one.GetString()));
        string[] missing =
        [
            .. References(schemas).Distinct().Where(name => !schemas.TryGetProperty(name, out _)),
        ];
        Assert.Empty(missing);
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(static one => one.Name == "$ref"
            ? [one.Value.GetString()!.Split('/')[^1]]
            : References(one.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
