using Ann.Core;
using Ann.Core.Files;
using Ann.Encoding.Onnx.Weights;
using Google.Protobuf;

namespace Ann.Encoding.Onnx;

/// <summary>
/// An ONNX file in memory, held once: with room behind it, so that nodes can be put at the end of its graph without another copy.
/// </summary>
/// <remarks>
/// A protobuf message is also what its bytes are with those of another message behind them: lists go on, and what is single is
/// replaced. So a graph is continued without understanding it. That holds for whole messages alone: what is cut would swallow them.
/// </remarks>
internal sealed class OnnxModel
{
    /// <summary>Bytes that may follow the file.</summary>
    public const int Room = 8192;

    // ModelProto.doc_string, a text, with a length of two bytes: what fills the room behind the file.
    private const byte TextTag = (6 << 3) | 2, TextHead = 3, Continues = 0x80;

    private readonly byte[] _bytes;
    private readonly int _length;

    private OnnxModel(byte[] bytes, int length)
    {
        _bytes = bytes;
        _length = length;
        try
        {
            Outline = Model.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes, 0, length);
        }
        catch (InvalidProtocolBufferException)
        {
            // ONNX Runtime says what is wrong with it.
        }
    }

    /// <summary>The file's content, and nothing else.</summary>
    public ReadOnlySpan<byte> Content => _bytes.AsSpan(0, _length);

    /// <summary>Where its weights are, its inputs and outputs; null for what is no ONNX model.</summary>
    public Model? Outline { get; }

    /// <summary>The version of the standard operators that the graph is written in; 0 where it does not say.</summary>
    public long OperatorSet =>
        Outline?.OpsetImport.FirstOrDefault(static set => set.Domain is "" or "ai.onnx")?.Version ?? 0;

    /// <summary>The graph's inputs, as the file declares them. What has a value of its own is none.</summary>
    public IReadOnlyList<GraphPort> Inputs => Outline?.Graph is not { } graph ? [] :
        [.. graph.Input.Where(input => graph.Initializer.All(weight => weight.Name != input.Name)).Select(GraphPort.From)];

    /// <summary>The graph's outputs, as the file declares them: without a shape where it leaves that to its reader.</summary>
    public IReadOnlyList<GraphPort> Outputs => [.. Outline?.Graph?.Output.Select(GraphPort.From) ?? []];

    /// <summary>Reads a file.</summary>
    /// <exception cref="AnnException">No such file, or too large.</exception>
    public static OnnxModel Read(IFileSystem files, string path)
    {
        byte[] bytes = EncoderFiles.ReadAll(files, path, Room, out int length);
        return new OnnxModel(bytes, length);
    }

    /// <summary>A model that is in memory already.</summary>
    public static OnnxModel Of(ReadOnlySpan<byte> content)
    {
        byte[] bytes = new byte[content.Length + Room];
        content.CopyTo(bytes);
        return new OnnxModel(bytes, content.Length);
    }

    /// <summary>The model as ONNX Runtime takes it, an array from end to end. Valid until the next call.</summary>
    /// <param name="nodes">A message that continues the model's, shorter than <see cref="Room"/>; empty for the file as it is.</param>
    /// <exception cref="InvalidOperationException">The model cannot be continued.</exception>
    public byte[] With(ReadOnlySpan<byte> nodes)
    {
        Span<byte> room = _bytes.AsSpan(_length);
        bool fits = Outline is not null && nodes.Length + TextHead <= room.Length;
        if (!fits && nodes.Length > 0)
            throw new InvalidOperationException("Only a whole model with room behind it is continued.");
        if (!fits)
            return Content.ToArray();
        nodes.CopyTo(room);
        room = room[nodes.Length..];
        int text = room.Length - TextHead;
        room[0] = TextTag;
        room[1] = (byte)((text & ~Continues) | Continues);
        room[2] = (byte)(text >> 7);
        room[TextHead..].Fill((byte)' ');
        return _bytes;
    }
}
