using System.Runtime.InteropServices;
using Ann.Bench.Sets;
using Ann.Protocol.V1;
using BenchmarkDotNet.Attributes;
using Google.Protobuf;

namespace Ann.Bench.Micro;

/// <summary>What a request and a reply cost on the wire, without gRPC: messages to bytes and back.</summary>
[MemoryDiagnoser]
public class WireBenchmarks
{
    private readonly SearchResponse _response = new();
    private SearchRequest _request = new();
    private byte[] _requestBytes = [];
    private byte[] _responseBytes = [];
    private byte[] _buffer = [];

    /// <summary>Results of the reply.</summary>
    [Params(10, 1000)]
    public int Results { get; set; } = 10;

    /// <summary>One query of dimension 128, one row of results.</summary>
    [GlobalSetup]
    public void Setup()
    {
        float[] query = new float[128];
        new UniformLaw(1, query.Length).Draw(VectorLaw.QueryStream, 0, query);
        _request = new SearchRequest
        {
            Index = "items",
            K = (uint)Results,
            Queries = new VectorBatch
            {
                Dtype = Dtype.F32,
                Dim = (uint)query.Length,
                Data = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(query)),
            },
        };
        _response.Keys = new KeyColumn();
        _response.Generation = "0123456789abcdef";
        _response.Completeness = Completeness.Complete;
        _response.Stats = new SearchStats { Visited = 500, Expanded = 40, Reranked = 74, EfSearch = 64, SearchUs = 30 };
        RowRandom random = new(1, 0, 0);
        for (int i = 0; i < Results; i++)
        {
            _response.Keys.Numbers.Add(random.NextBits());
            _response.Scores.Add((float)random.NextUniform());
        }
        _response.RowOffsets.Add([0, (uint)Results]);
        _requestBytes = _request.ToByteArray();
        _responseBytes = _response.ToByteArray();
        _buffer = new byte[Math.Max(_requestBytes.Length, _responseBytes.Length)];
    }

    /// <summary>What a client does before sending.</summary>
    [Benchmark]
    public int WriteRequest() => Write(_request);

    /// <summary>What the server does first.</summary>
    [Benchmark]
    public SearchRequest ReadRequest() => SearchRequest.Parser.ParseFrom(_requestBytes);

    /// <summary>What the server does last.</summary>
    [Benchmark]
    public int WriteResponse() => Write(_response);

    /// <summary>What a client does on receipt.</summary>
    [Benchmark]
    public SearchResponse ReadResponse() => SearchResponse.Parser.ParseFrom(_responseBytes);

    private int Write(IMessage message)
    {
        int size = message.CalculateSize();
        message.WriteTo(_buffer.AsSpan(0, size));
        return size;
    }
}
