using System.Diagnostics;
using System.Runtime.InteropServices;
using Google.Protobuf;

namespace Ann.Encoding.Onnx;

/// <summary>Writes a small ONNX graph: inputs, weights, nodes in the order they are added, outputs.</summary>
/// <remarks>The same calls give the same bytes: protobuf writes fields by number, and no map is used.</remarks>
internal sealed class GraphWriter(string? name = null)
{
    // With operator set 13: read by every ONNX Runtime since 1.7, and all that these graphs need.
    private const long IrVersion = 8;

    private readonly GraphProto _graph = name is null ? new GraphProto() : new GraphProto { Name = name };

    /// <summary>Version of the standard operators.</summary>
    public long OperatorSet { get; init; } = 13;

    /// <summary>What a reader of the file is told of it; null for nothing.</summary>
    public string? Remark { get; init; }

    /// <summary>Declares an input.</summary>
    /// <param name="input">Its name.</param>
    /// <param name="type">Element type.</param>
    /// <param name="shape">A number, or a name for a length that varies, per dimension.</param>
    public GraphWriter Input(string input, TensorProto.Types.DataType type, params ReadOnlySpan<string> shape)
    {
        _graph.Input.Add(Value(input, type, shape));
        return this;
    }

    /// <summary>Declares an output; a node must write it.</summary>
    public GraphWriter Output(string output, TensorProto.Types.DataType type, params ReadOnlySpan<string> shape)
    {
        _graph.Output.Add(Value(output, type, shape));
        return this;
    }

    /// <summary>Adds a weight.</summary>
    /// <param name="weight">Its name.</param>
    /// <param name="values">Row-major; float, sbyte or long.</param>
    /// <param name="shape">Lengths of the dimensions; none for a scalar.</param>
    public GraphWriter Weight<T>(string weight, ReadOnlySpan<T> values, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        long length = 1;
        foreach (long dimension in shape)
            length *= dimension;
        Debug.Assert(length == values.Length);
        Debug.Assert(BitConverter.IsLittleEndian, "raw_data is little-endian");

        TensorProto tensor = new()
        {
            Name = weight,
            DataType = (int)TypeOf<T>(),
            RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values)),
        };
        tensor.Dims.AddRange(shape);
        _graph.Initializer.Add(tensor);
        return this;
    }

    /// <summary>Adds an operator with one output.</summary>
    public GraphWriter Node(
        string operation, ReadOnlySpan<string> inputs, string output, params ReadOnlySpan<(string Name, long Value)> attributes)
    {
        NodeProto node = new() { OpType = operation, Name = output + "/" + operation };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        foreach ((string attribute, long value) in attributes)
            node.Attribute.Add(new AttributeProto { Name = attribute, I = value, Type = AttributeProto.Types.AttributeType.Int });
        _graph.Node.Add(node);
        return this;
    }

    /// <summary>Gives the node that was added last another output.</summary>
    public GraphWriter Also(string output)
    {
        _graph.Node[^1].Output.Add(output);
        return this;
    }

    /// <summary>Gives the node that was added last a list of numbers.</summary>
    public GraphWriter With(string attribute, params ReadOnlySpan<long> values)
    {
        AttributeProto list = new() { Name = attribute, Type = AttributeProto.Types.AttributeType.Ints };
        list.Ints.AddRange(values);
        _graph.Node[^1].Attribute.Add(list);
        return this;
    }

    /// <summary>What continues the graph of another file when it stands behind that file's bytes: see <see cref="OnnxModel"/>.</summary>
    public byte[] ToContinuation() => new ModelProto { Graph = _graph }.ToByteArray();

    /// <summary>The file's content.</summary>
    public byte[] ToBytes()
    {
        ModelProto model = new() { IrVersion = IrVersion, ProducerName = "AnnServer", Graph = _graph };
        if (Remark is not null)
            model.DocString = Remark;
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = OperatorSet });
        return model.ToByteArray();
    }

    private static TensorProto.Types.DataType TypeOf<T>() =>
        typeof(T) == typeof(float) ? TensorProto.Types.DataType.Float
        : typeof(T) == typeof(sbyte) ? TensorProto.Types.DataType.Int8
        : typeof(T) == typeof(long) ? TensorProto.Types.DataType.Int64
        : throw new NotSupportedException(typeof(T).Name);

    private static ValueInfoProto Value(string name, TensorProto.Types.DataType type, ReadOnlySpan<string> shape)
    {
        TensorShapeProto dimensions = new();
        foreach (string dimension in shape)
            dimensions.Dim.Add(long.TryParse(dimension, out long length)
                ? new TensorShapeProto.Types.Dimension { DimValue = length }
                : new TensorShapeProto.Types.Dimension { DimParam = dimension });
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = dimensions } },
        };
    }
}
