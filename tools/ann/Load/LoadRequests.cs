using Ann.Protocol.V1;
using Ann.Tool.Evaluation;
using Ann.Tool.Remote;

namespace Ann.Tool.Load;

/// <summary>All requests that a run sends, made beforehand: the queries in their order, again and again.</summary>
internal sealed class LoadRequests
{
    private readonly SearchRequest[] _requests;
    private readonly int _queries;

    /// <param name="index">Name of the index.</param>
    /// <param name="queries">At least one.</param>
    /// <param name="batch">Rows a request.</param>
    /// <param name="k">Results a row.</param>
    /// <param name="ef">Beam width; 0 leaves it to the server.</param>
    public LoadRequests(string index, QuerySet queries, int batch, int k, int ef)
    {
        _queries = queries.Count;
        Batch = batch;
        _requests = new SearchRequest[(queries.Count + batch - 1) / batch];
        int dimension = queries[0].Length;
        float[] rows = new float[batch * dimension];
        for (int request = 0; request < _requests.Length; request++)
        {
            for (int row = 0; row < batch; row++)
                queries[QueryOf(request, row)].CopyTo(rows.AsSpan(row * dimension));
            _requests[request] = new SearchRequest { Index = index, Queries = ServerConnection.ToBatch(rows, dimension), K = (uint)k };
            if (ef > 0)
                _requests[request].EfSearch = (uint)ef;
        }
    }

    /// <summary>Rows of a request.</summary>
    public int Batch { get; }

    /// <summary>Request number <paramref name="number"/>, from 0 without end. Shared: it must not be changed.</summary>
    public SearchRequest this[long number] => _requests[number % _requests.Length];

    /// <summary>Which query a row of a request is. The last request starts again with the first queries.</summary>
    public int QueryOf(long number, int row) => (int)((number % _requests.Length * Batch + row) % _queries);
}
