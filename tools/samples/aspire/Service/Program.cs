using Ann.Aspire.Client;
using Ann.Client;
using Ann.Protocol.V1;

const string Index = "colours";

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.AddAnnClient("ann");

WebApplication app = builder.Build();
app.MapHealthChecks("/health");
app.MapPut("/{name}", async (string name, float[] colour, AnnClient ann) =>
{
    ItemBatch batch = new();
    batch.Add(name, colour);
    await ann.Index(Index).UpsertAsync(batch);
    return Results.NoContent();
});
app.MapPost("/nearest", async (float[] colour, AnnClient ann, CancellationToken cancel) =>
{
    using SearchAnswer answer = await ann.Index(Index).SearchAsync(colour, k: 3, cancel);
    List<string> names = [];
    foreach (AnswerHit hit in answer)
        names.Add(hit.Key);
    return names;
});

AnnClient client = app.Services.GetRequiredService<AnnClient>();
if (!(await client.ListIndexesAsync()).Any(static one => one.Name == Index))
    await client.Indexes.CreateAsync(new CreateRequest { Index = Index, Dimension = 3, Metric = Metric.L2, KeyKind = KeyKind.String });
app.Run();
