using Ann.Encoding.Tokenizers;

namespace Ann.Encoding.Text;

/// <summary>
/// Texts as tokens, a window at a time: while the caller runs one, the next is made by another thread, and no more than that.
/// </summary>
/// <param name="texts">All texts; read by one thread at a time.</param>
/// <param name="tokenize">Appends one text's row to a buffer.</param>
/// <param name="hasWeights">Tokens have weights.</param>
internal sealed class TokenWindows(IReadOnlyList<string> texts, Action<string, TokenBuffer> tokenize, bool hasWeights) : IDisposable
{
    /// <summary>Texts of a window: enough for like lengths to meet, little enough to stay in cache.</summary>
    public const int Rows = 1024;

    private TokenBuffer _window = new(Math.Min(texts.Count, Rows), hasWeights);
    private TokenBuffer? _ahead;
    private Task? _making;
    private int _end;

    /// <summary>The next window's rows, valid until the next call; null behind the last.</summary>
    /// <param name="first">Place of its first text.</param>
    public TokenBuffer? Next(out int first)
    {
        first = _end;
        if (first >= texts.Count)
            return null;
        if (_making is null)
        {
            Fill(_window, first);
        }
        else
        {
            _making.GetAwaiter().GetResult();
            (_window, _ahead) = (_ahead!, _window);
        }
        _end = Math.Min(texts.Count, first + Rows);
        if (_end < texts.Count)
        {
            TokenBuffer ahead = _ahead ??= new TokenBuffer(Rows, hasWeights);
            int next = _end;
            _making = Task.Run(() => Fill(ahead, next));
        }
        return _window;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A window that nobody wants any more is finished before its memory goes; what went wrong with it is nobody's.
        if (_making is not null)
            Task.WaitAny(_making);
        _window.Dispose();
        _ahead?.Dispose();
    }

    private void Fill(TokenBuffer window, int first)
    {
        window.Clear();
        for (int i = first; i < Math.Min(texts.Count, first + Rows); i++)
        {
            tokenize(texts[i], window);
            window.EndRow();
        }
    }
}
