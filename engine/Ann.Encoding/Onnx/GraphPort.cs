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

    /// <summary>For messages: every input or output of a graph.</summary>
    public static string List(IReadOnlyList<GraphPort> ports) => string.Join(", ", ports);

    /// <summary>For messages: <c>float[-1,128]</c>.</summary>
    public override string ToString() => $"'{Name}' {Type.ToString().ToLowerInvariant()}[{string.Join(',', Shape)}]";

    /// <summary>As the file declares it.</summary>
    public static GraphPort From(ValueInfoProto value)
    {
        TypeProto.Types.Tensor? tensor = value.Type?.TensorType;
        return new(
            value.Name, tensor is { ElemType: > 0 } ? (TensorElementType)tensor.ElemType : TensorElementType.DataTypeMax,
            [.. tensor?.Shape?.Dim.Select(static dimension => dimension.HasDimValue ? (int)dimension.DimValue : -1) ?? []]);
    }

    /// <summary>As ONNX Runtime understood it.</summary>
    public static GraphPort From(string name, NodeMetadata node) =>
        new(name, node.IsTensor ? node.ElementDataType : TensorElementType.DataTypeMax, [.. node.Dimensions ?? []]);
}
