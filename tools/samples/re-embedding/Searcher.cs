using System.Diagnostics;
using Ann.Client;
using Grpc.Core;

namespace Ann.Samples.ReEmbedding;

/// <summary>A service that searches all the while, one text after the other. It counts what fails, and which generations answer.</summary>
internal sealed class Searcher : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, int> _answers = [];
    private Task _run = Task.CompletedTask;
    private TimeSpan _slowest;
    private int _failed;
    private volatile string _generation = "";
    private volatile int _since;

    public static Searcher Start(IndexClient index, string[] texts)
    {
        Searcher searcher = new();
        searcher._run = searcher.RunAsync(index, texts);
        return searcher;
    }

    /// <summary>Waits until a generation has answered a hundred searches in a row.</summary>
    public async Task SeeAsync(string generation)
    {
        while ((_generation != generation || _since < 100) && !_run.IsCompleted)
            await Task.Delay(10);
    }

    /// <summary>Ends the searches.</summary>
    /// <returns>A summary.</returns>
    public async Task<string> StopAsync()
    {
        await _stop.CancelAsync();
        await _run;
        string by = string.Join(", ", _answers.Select(static one => $"{one.Value} by {one.Key}"));
        return $"{_answers.Values.Sum()} searches answered ({by}), {_failed} failed; the slowest took {_slowest.TotalMilliseconds:0} ms";
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(IndexClient index, string[] texts)
    {
        for (int i = 0; !_stop.IsCancellationRequested; i = (i + 1) % texts.Length)
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                using SearchAnswer answer = await index.SearchAsync(texts[i], k: 10);
                _since = answer.Generation == _generation ? _since + 1 : 1;
                _generation = answer.Generation;
                _answers[_generation] = _answers.GetValueOrDefault(_generation) + 1;
            }
            catch (RpcException e)
            {
                _failed++;
                await Console.Error.WriteLineAsync($"a search failed: {e.Status}");
            }
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            _slowest = took > _slowest ? took : _slowest;
        }
    }
}
