using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Ann.Encoding.Onnx;

/// <summary>An input or output of a graph, as the model file declares it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Length of each dimension; -1 where it varies.</param>
internal sealed record GraphPort(string Name, TensorElementType Type, IReadOnlyList<int> Shape)
{
    /// <summary>Number of dimensions.</summary>
    public int Rank => Shape.Count;

    /// <summary>For messages: <c>float[-1,128]</c>.</summary>
    public override string ToString() => $"'{Name}' {Type.ToString().ToLowerInvariant()}[{string.Join(',', Shape)}]";

    public static GraphPort From(KeyValuePair<string, NodeMetadata> node) =>
        new(node.Key, node.Value.IsTensor ? node.Value.ElementDataType : TensorElementType.DataTypeMax, [.. node.Value.Dimensions ?? []]);
}
