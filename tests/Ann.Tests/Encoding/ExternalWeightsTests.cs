using Ann.Core;
using Ann.Encoding.Onnx;
using Ann.Encoding.Onnx.Weights;
using Ann.Tests.Files;
using Attribute = Ann.Encoding.Onnx.Weights.Attribute;

namespace Ann.Tests.Encoding;

/// <summary>Goal: every file that a model has weights in is found, and a path that is none is refused.</summary>
public sealed class ExternalWeightsTests
{
    [Fact]
    public void TensorsAreFoundWhereverTheyAre()
    {
        string[] places = [.. Enumerable.Range(0, 12).Select(static i => $"w{i:d2}.bin")];
        Model model = new()
        {
            Graph = new Graph
            {
                Initializer = { At(places[0]), At(places[0]), new Tensor { Name = "inside" } },
                SparseInitializer = { new SparseTensor { Values = At(places[1]), Indices = At(places[2]) } },
                Node =
                {
                    new Node { Attribute = { new Attribute { T = At(places[3]) } } },
                    new Node { Attribute = { new Attribute { G = new Graph { Initializer = { At(places[4]) } } } } },
                    new Node { Attribute = { new Attribute { Tensors = { At(places[5]) } } } },
                    new Node { Attribute = { new Attribute { SparseTensor = new SparseTensor { Values = At(places[6]) } } } },
                    new Node
                    {
                        Attribute =
                        {
                            new Attribute
                            {
                                Graphs =
                                {
                                    new Graph { Node = { new Node { Attribute = { new Attribute { T = At("./" + places[7]) } } } } },
                                },
                            },
                        },
                    },
                    new Node { Attribute = { new Attribute { SparseTensors = { new SparseTensor { Values = At(places[8]) } } } } },
                },
            },
            Functions =
            {
                new Function
                {
                    Node = { new Node { Attribute = { new Attribute { T = At(places[9]) } } } },
                    AttributeProto = { new Attribute { T = At(places[10]) } },
                },
            },
            TrainingInfo = { new TrainingInfo { Initialization = new Graph { Initializer = { At(places[11]) } } } },
        };

        Assert.Equal(places.Select(static place => Path.Combine("m", place)), Find(model, places));
    }

    [Theory]
    [InlineData("../weights.bin")]
    [InlineData("a/../../weights.bin")]
    [InlineData("a\\..\\..\\weights.bin")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    [InlineData(".")]
    public void APathOutOfTheModelsDirectoryIsRefused(string location)
    {
        AnnException error = Assert.Throws<AnnException>(() => Find(new Model { Graph = new Graph { Initializer = { At(location) } } }));

        Assert.Equal(AnnError.InvalidArgument, error.Error);
        Assert.Contains($"weight 'w': expected a file in the model's directory; found '{location}'", error.Message);
    }

    [Fact]
    public void AMissingFileIsNamed()
    {
        AnnException error = Assert.Throws<AnnException>(() => Find(new Model { Graph = new Graph { Initializer = { At("w.bin") } } }));

        Assert.Equal(AnnError.NotFound, error.Error);
        Assert.Contains(Path.Combine("m", "w.bin"), error.Message);
    }

    private static Tensor At(string location) => TinyModels.Locate(new Tensor { Name = "w" }, location);

    private static IReadOnlyList<string> Find(Model model, params string[] existing)
    {
        MemoryFileSystem files = new();
        foreach (string name in existing)
            files.Create(Path.Combine("m", name)).Dispose();
        return ExternalWeights.Find(files, Path.Combine("m", "model.onnx"), model);
    }
}
