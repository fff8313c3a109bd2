using System.Buffers;
using Ann.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Ann.Client.Answers;

/// <summary>Makes answers of the bytes that a call received.</summary>
internal static class AnswerMarshaller
{
    /// <summary>Of <c>ann.v1.SearchResponse</c>.</summary>
    public static readonly Marshaller<SearchAnswer> Search = Of(static payload => Read(payload));

    /// <summary>Of <c>ann.v1.SearchManyResponse</c>.</summary>
    public static readonly Marshaller<SearchAnswer[]> Many = Of(static payload => ReadMany(payload));

    /// <summary>Of <c>ann.v1.RecommendResponse</c>.</summary>
    public static readonly Marshaller<SearchAnswer> Recommend = Of(static payload => ReadRecommend(payload));

    /// <summary>Of <c>ann.v1.RangeResponse</c>.</summary>
    public static readonly Marshaller<SearchAnswer> Range = Of(static payload => ReadRange(payload));

    /// <summary>An answer of the bytes, which are copied to an array of the pool.</summary>
    /// <exception cref="InvalidDataException">They are no answer.</exception>
    public static SearchAnswer Read(in ReadOnlySequence<byte> payload)
    {
        byte[] bytes = Copy(payload, out int length);
        return Read(bytes, new WirePart(0, length));
    }

    /// <summary>An answer of a part of the bytes, which belong to it then.</summary>
    /// <exception cref="InvalidDataException">They are no answer; the array is given back.</exception>
    public static SearchAnswer Read(byte[] rented, WirePart message)
    {
        try
        {
            if (AnswerLayout.TryRead(rented, message, out AnswerLayout layout))
                return new SearchAnswer(rented, layout);
            // Legal, and no encoder does it: columns in pieces. Written again, each is one.
            byte[] whole = SearchResponse.Parser.ParseFrom(rented, message.Start, message.Length).ToByteArray();
            return AnswerLayout.TryRead(whole, new WirePart(0, whole.Length), out layout)
                ? new SearchAnswer(Swap(rented, whole), layout)
                : throw new InvalidDataException("The answer cannot be read: its columns come in pieces.");
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(rented);
            throw;
        }
    }

    private static Marshaller<T> Of<T>(Func<ReadOnlySequence<byte>, T> read) =>
        new(static (_, _) => throw new NotSupportedException("Answers are read, and never written."),
            context => read(context.PayloadAsReadOnlySequence()));

    /// <summary>Each answer has an array of its own, so that each can be disposed by itself.</summary>
    private static SearchAnswer[] ReadMany(ReadOnlySequence<byte> payload)
    {
        byte[] bytes = Copy(payload, out int length);
        try
        {
            List<SearchAnswer> answers = [];
            WireReader fields = new(bytes.AsSpan(0, length));
            while (fields.MoveNext())
            {
                if (fields is not { Field: 1, IsPart: true })
                {
                    fields.Skip();
                    continue;
                }
                WirePart part = fields.ReadPart();
                answers.Add(Read(new ReadOnlySequence<byte>(bytes, part.Start, part.Length)));
            }
            return [.. answers];
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static SearchAnswer ReadRecommend(ReadOnlySequence<byte> payload)
    {
        KeyColumn? missing = null;
        SearchAnswer answer = ReadNested(payload, (field, part) =>
        {
            if (field == 2)
                missing = KeyColumn.Parser.ParseFrom(part);
        });
        answer.MissingExamples = missing ?? new KeyColumn();
        return answer;
    }

    private static SearchAnswer ReadRange(ReadOnlySequence<byte> payload)
    {
        byte[] bounded = [];
        SearchAnswer answer = ReadNested(payload, (field, part) =>
        {
            if (field == 2)
                bounded = part.ToArray();
        });
        answer.Bounded = [.. bounded.Select(static one => one != 0)];
        return answer;
    }

    /// <summary>An answer that is the first field of a message; of the others each part is told of.</summary>
    private static SearchAnswer ReadNested(ReadOnlySequence<byte> payload, Action<int, ReadOnlySequence<byte>> other)
    {
        byte[] bytes = Copy(payload, out int length);
        WirePart answer = default;
        try
        {
            WireReader fields = new(bytes.AsSpan(0, length));
            while (fields.MoveNext())
            {
                if (!fields.IsPart)
                {
                    fields.Skip();
                    continue;
                }
                WirePart part = fields.ReadPart();
                if (fields.Field == 1)
                    answer = part;
                else
                    other(fields.Field, new ReadOnlySequence<byte>(bytes, part.Start, part.Length));
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(bytes);
            throw;
        }
        return Read(bytes, answer);
    }

    private static byte[] Swap(byte[] rented, byte[] whole)
    {
        byte[] other = ArrayPool<byte>.Shared.Rent(whole.Length);
        whole.CopyTo(other, 0);
        ArrayPool<byte>.Shared.Return(rented);
        return other;
    }

    private static byte[] Copy(in ReadOnlySequence<byte> payload, out int length)
    {
        length = checked((int)payload.Length);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        payload.CopyTo(bytes);
        return bytes;
    }
}
