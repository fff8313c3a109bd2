using Ann.Client.Answers;
using Ann.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Ann.Client.Connecting;

/// <summary>The calls whose answers are read into pooled columns. All others go through the generated clients.</summary>
internal static class CallMethods
{
    private const string Service = "ann.v1.Retrieval";

    /// <summary>Search.</summary>
    public static readonly Method<SearchRequest, SearchAnswer> Search = Of("Search", SearchRequest.Parser, AnswerMarshaller.Search);

    /// <summary>SearchMany.</summary>
    public static readonly Method<SearchManyRequest, SearchAnswer[]> SearchMany =
        Of("SearchMany", SearchManyRequest.Parser, AnswerMarshaller.Many);

    /// <summary>Recommend.</summary>
    public static readonly Method<RecommendRequest, SearchAnswer> Recommend =
        Of("Recommend", RecommendRequest.Parser, AnswerMarshaller.Recommend);

    /// <summary>Range.</summary>
    public static readonly Method<RangeRequest, SearchAnswer> Range = Of("Range", RangeRequest.Parser, AnswerMarshaller.Range);

    private static Method<TRequest, TAnswer> Of<TRequest, TAnswer>(
        string name, MessageParser<TRequest> parser, Marshaller<TAnswer> answers)
        where TRequest : class, IMessage<TRequest>
        where TAnswer : class =>
        new(
            MethodType.Unary, Service, name,
            new Marshaller<TRequest>(Write, context => parser.ParseFrom(context.PayloadAsReadOnlySequence())), answers);

    private static void Write<TRequest>(TRequest request, SerializationContext context)
        where TRequest : class, IMessage<TRequest>
    {
        context.SetPayloadLength(request.CalculateSize());
        request.WriteTo(context.GetBufferWriter());
        context.Complete();
    }
}
