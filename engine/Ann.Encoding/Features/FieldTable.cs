using System.Buffers;
using System.Numerics.Tensors;
using Ann.Core;
using Ann.Encoding.Descriptions;
using Ann.Encoding.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Ann.Encoding.Features;

/// <summary>Rows of named fields, as the several inputs of a graph.</summary>
internal sealed class FieldTable
{
    private readonly FieldInput[] _inputs;

    private FieldTable(FeatureField[] fields, FieldInput[] inputs)
    {
        Fields = fields;
        _inputs = inputs;
        InputNames = [.. inputs.Select(static input => input.Port.Name)];
    }

    /// <summary>What a row is made of.</summary>
    public IReadOnlyList<FeatureField> Fields { get; }

    /// <summary>The graph's inputs, in the order of the tensors.</summary>
    public string[] InputNames { get; }

    /// <summary>Rows that the graph insists on; -1 when it does not.</summary>
    public int FixedRows => _inputs.Max(static input => input.Port.Shape[0]);

    /// <summary>Lays the fields out over the graph's inputs, each of which must be filled from end to end.</summary>
    /// <param name="source">The description and its vocabularies.</param>
    /// <param name="ports">The graph's inputs.</param>
    /// <param name="fingerprint">Receives the vocabularies.</param>
    /// <exception cref="AnnException">A field does not fit the graph, or an input stays empty.</exception>
    public static FieldTable Read(EncoderDirectory source, IReadOnlyList<GraphPort> ports, EncoderFingerprint fingerprint)
    {
        IReadOnlyList<FeatureFieldDescription> described = source.Description.Fields!;
        FeatureField[] fields =
            [.. described.Select((field, place) => new FeatureField(field, $"fields[{place}]", source, fingerprint))];
        Dictionary<string, List<FieldPart>> parts = new(StringComparer.Ordinal);
        for (int place = 0; place < fields.Length; place++)
        {
            FeatureField field = fields[place];
            if (described.Take(place).Any(other => other.Name == field.Name))
                throw source.Wrong($"fields[{place}].name", $"expected every field once; found '{field.Name}' twice.");
            bool isFloat = field.Description.Type == FeatureFieldType.Float;
            Put(field.Input, $"fields[{place}].input", new FieldPart(field, isFloat ? FieldPartKind.Numbers : FieldPartKind.Ids));
            Put(field.Description.Mask, $"fields[{place}].mask", new FieldPart(field, FieldPartKind.Mask));
            Put(field.Description.Lengths, $"fields[{place}].lengths", new FieldPart(field, FieldPartKind.Count));
        }
        foreach (GraphPort port in ports)
            if (!parts.ContainsKey(port.Name))
                throw source.Wrong("fields", $"expected a field for every input of the graph; found none for {port}.");
        return new FieldTable(fields, [.. ports.Select(port => new FieldInput(port, [.. parts[port.Name]]))]);

        void Put(string? input, string place, FieldPart part)
        {
            if (input is null)
                return;
            GraphPort? port = ports.FirstOrDefault(port => port.Name == input);
            if (port is null || port.Rank is not (1 or 2) || !part.Takes.Contains(port.Type))
                throw source.Wrong(
                    place, $"expected an input '{input}' of rank 1 or 2, {part.TakesText}; found {GraphPort.List(ports)}.");
            if (!parts.TryGetValue(input, out List<FieldPart>? there))
                parts.Add(input, there = []);
            if (there.Count > 0 && there[0].Kind != part.Kind)
                throw source.Wrong(place, $"expected fields of one kind in an input; found another kind in '{input}' before.");
            there.Add(part);
            int columns = there.Sum(static one => one.Columns), most = port.Rank == 1 ? 1 : port.Shape[1];
            if (most > 0 && columns > most)
                throw source.Wrong(place, $"expected at most {most} columns in {port}; found {columns}.");
        }
    }

    /// <summary>One tensor an input.</summary>
    /// <param name="rows">All rows of the call.</param>
    /// <param name="first">The first of this inference.</param>
    /// <param name="count">Rows of it.</param>
    /// <param name="memory">Owns the tensors.</param>
    /// <param name="shaped">Rows of the tensors.</param>
    /// <exception cref="AnnException">A row does not fit; names row and field.</exception>
    public OrtValue[] Fill(IReadOnlyList<FeatureRow> rows, int first, int count, TensorMemory memory, int shaped)
    {
        OrtValue[] values = new OrtValue[_inputs.Length];
        for (int i = 0; i < values.Length; i++)
        {
            FieldInput input = _inputs[i];
            int columns = input.Columns;
            long[] shape = input.Port.Rank == 1 ? [shaped] : [shaped, columns];
            if (input.Kind == FieldPartKind.Numbers)
            {
                values[i] = memory.Input(input.Port.Type, shape, out Span<float> cells);
                cells[(count * columns)..].Clear();
                for (int row = 0; row < count; row++)
                {
                    int at = row * columns;
                    foreach (FieldPart part in input.Parts)
                    {
                        part.Field.WriteNumbers(rows[first + row], first + row, cells.Slice(at, part.Columns));
                        at += part.Columns;
                    }
                }
                continue;
            }
            long[] pooled = ArrayPool<long>.Shared.Rent(shaped * columns);
            Span<long> ids = pooled.AsSpan(0, shaped * columns);
            ids[(count * columns)..].Clear();
            for (int row = 0; row < count; row++)
            {
                int at = row * columns;
                foreach (FieldPart part in input.Parts)
                {
                    part.Write(rows[first + row], first + row, input.MostId, ids.Slice(at, part.Columns));
                    at += part.Columns;
                }
            }
            values[i] = Convert(ids, input.Port.Type, shape, memory);
            ArrayPool<long>.Shared.Return(pooled);
        }
        return values;
    }

    private static OrtValue Convert(ReadOnlySpan<long> ids, TensorElementType type, long[] shape, TensorMemory memory)
    {
        OrtValue value;
        if (type == TensorElementType.Int64)
        {
            value = memory.Input(type, shape, out Span<long> cells);
            ids.CopyTo(cells);
        }
        else if (type == TensorElementType.Int32)
        {
            value = memory.Input(type, shape, out Span<int> cells);
            TensorPrimitives.ConvertTruncating(ids, cells);
        }
        else if (type == TensorElementType.Float)
        {
            value = memory.Input(type, shape, out Span<float> cells);
            TensorPrimitives.ConvertTruncating(ids, cells);
        }
        else
        {
            value = memory.Input(type, shape, out Span<bool> cells);
            for (int i = 0; i < cells.Length; i++)
                cells[i] = ids[i] != 0;
        }
        return value;
    }

    /// <summary>An input of the graph, and the fields in it from left to right.</summary>
    private sealed record FieldInput(GraphPort Port, FieldPart[] Parts)
    {
        public int Columns { get; } = Parts.Sum(static part => part.Columns);

        public FieldPartKind Kind => Parts[0].Kind;

        public long MostId => Port.Type == TensorElementType.Int32 ? int.MaxValue : long.MaxValue;
    }
}
