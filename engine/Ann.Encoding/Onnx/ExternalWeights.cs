using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding.Onnx.Weights;

namespace Ann.Encoding.Onnx;

/// <summary>
/// Which files beside a model hold weights of it: all that its tensors name, in the graph, in constants, in the graphs within it and in
/// functions. Exporters choose the names, <c>model.onnx.data</c> being a custom only.
/// </summary>
internal sealed class ExternalWeights
{
    private readonly string _modelPath;
    private readonly SortedSet<string> _locations = new(StringComparer.Ordinal);

    private ExternalWeights(string modelPath) => _modelPath = modelPath;

    /// <summary>Finds the files, each once, in the ordinal order of their places below the model's directory.</summary>
    /// <param name="files">Where they are.</param>
    /// <param name="modelPath">The model's file: where the paths of its weights start, and what messages name.</param>
    /// <param name="model">What it says of them.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: a path leads out of the model's directory. <see cref="AnnError.NotFound"/>: a file is
    /// missing.
    /// </exception>
    public static IReadOnlyList<string> Find(IFileSystem files, string modelPath, Model model)
    {
        ExternalWeights found = new(modelPath);
        found.Add(model);
        string directory = Path.GetDirectoryName(modelPath) ?? "";
        string[] paths = [.. found._locations.Select(location => Path.Combine(directory, location))];
        foreach (string path in paths)
            if (!files.FileExists(path))
                throw new AnnException(AnnError.NotFound, $"{modelPath}: its weights are in {path}, and there is no such file.");
        return paths;
    }

    private void Add(Model model)
    {
        Add(model.Graph);
        foreach (TrainingInfo training in model.TrainingInfo)
        {
            Add(training.Initialization);
            Add(training.Algorithm);
        }
        foreach (Function function in model.Functions)
        {
            Add(function.Node);
            Add(function.AttributeProto);
        }
    }

    private void Add(Graph? graph)
    {
        if (graph is null)
            return;
        foreach (Tensor weight in graph.Initializer)
            Add(weight);
        foreach (SparseTensor weight in graph.SparseInitializer)
            Add(weight);
        Add(graph.Node);
    }

    private void Add(IEnumerable<Node> nodes)
    {
        foreach (Node node in nodes)
            Add(node.Attribute);
    }

    private void Add(IEnumerable<Weights.Attribute> attributes)
    {
        foreach (Weights.Attribute attribute in attributes)
        {
            Add(attribute.T);
            Add(attribute.G);
            Add(attribute.SparseTensor);
            foreach (Tensor constant in attribute.Tensors)
                Add(constant);
            foreach (SparseTensor constant in attribute.SparseTensors)
                Add(constant);
            foreach (Graph inner in attribute.Graphs)
                Add(inner);
        }
    }

    private void Add(SparseTensor? weight)
    {
        Add(weight?.Values);
        Add(weight?.Indices);
    }

    private void Add(Tensor? weight)
    {
        if (weight is not { DataLocation: Tensor.Types.DataLocation.External })
            return;
        string location = weight.ExternalData.LastOrDefault(static entry => entry.Key == "location")?.Value ?? "";
        string[] parts = [.. location.Split('/', '\\').Where(static part => part is not ("" or "."))];
        if (parts.Length == 0 || location[0] is '/' or '\\' || Path.IsPathRooted(location) || parts.Contains(".."))
            throw AnnException.BadInput(
                _modelPath, $"weight '{weight.Name}'", $"expected a file in the model's directory; found '{location}'.");
        _locations.Add(Path.Combine(parts));
    }
}
