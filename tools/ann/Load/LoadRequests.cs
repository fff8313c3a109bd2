using Ann.Protocol.V1;
using Ann.Tool.Evaluation;
using Ann.Tool.Remote;

namespace Ann.Tool.Load;

/// <summary>All requests that a run sends, made beforehand: the queries in their order, again and again.</summary>
internal sealed class LoadRequests
{
    private readonly SearchRequest[] _requests;
    private readonly int _queries;

    /// <param name="asked">What each asks, without queries.</param>
    /// <param name="queries">At least one.</param>
    /// <param name="batch">Rows a request.</param>
    public LoadRequests(SearchRequest asked, QuerySet queries, int batch)
    {
        _queries = queries.Count;
        Batch = batch;
        _requests = new SearchRequest[(queries.Count + batch - 1) / batch];
        int dimension = queries[0].Length;
        float[] rows = new float[batch * dimension];
        for (int number = 0; number < _requests.Length; number++)
        {
            for (int row = 0; row < batch; row++)
                queries[QueryOf(number, row)].CopyTo(rows.AsSpan(row * dimension));
            _requests[number] = asked.Clone();
            _requests[number].Queries = ServerConnection.ToBatch(rows, dimension);
        }
    }

    /// <summary>Rows of a request.</summary>
    public int Batch { get; }

    /// <summary>Request number <paramref name="number"/>, from 0 without end. Shared: it must not be changed.</summary>
    public SearchRequest this[long number] => _requests[number % _requests.Length];

    /// <summary>Which query a row of a request is. The last request starts again with the first queries.</summary>
    public int QueryOf(long number, int row) => (int)((number % _requests.Length * Batch + row) % _queries);
}
