using Ann.Core;
using Ann.Encoding.Descriptions;

namespace Ann.Encoding.Onnx;

/// <summary>
/// The session that an encoder runs on, and the one that takes its place when its device is lost: once, on the next provider of the
/// list. Safe for any number of threads; must not be disposed while one runs.
/// </summary>
internal sealed class ModelSessions : IDisposable
{
    private readonly Lock _replacing = new();
    private readonly IModelSession _first;
    private readonly Func<IReadOnlyList<string>, IModelSession>? _reopen;
    private volatile IModelSession _current;
    private bool _tried;

    /// <param name="first">The session to begin with.</param>
    /// <param name="reopen">
    /// Opens the model on the first of some providers that takes it; null where no other provider than the first is wanted.
    /// </param>
    public ModelSessions(IModelSession first, Func<IReadOnlyList<string>, IModelSession>? reopen)
    {
        _first = _current = first;
        _reopen = reopen;
    }

    /// <summary>Where runs go now.</summary>
    public IModelSession Current => _current;

    /// <summary>Hears of a session that takes the place of another, and why, before anything runs on it.</summary>
    public Action<IModelSession, string>? Replaced { get; set; }

    /// <summary>Opens a model on the first provider that takes it.</summary>
    /// <param name="source">Its files, of which a fingerprint has been taken; read again when a device is lost.</param>
    /// <param name="nodes">What continues its graph; empty for nothing.</param>
    /// <param name="options">How to open it.</param>
    /// <exception cref="AnnException">As of <see cref="OnnxSession.Open(string, byte[], EncoderOptions)"/>.</exception>
    public static ModelSessions Open(EncoderDirectory source, byte[] nodes, EncoderOptions options)
    {
        return new ModelSessions(
            OnnxSession.Open(source.ModelPath, source.Model.With(nodes), options), options.RequireProvider ? null : Reopen);

        IModelSession Reopen(IReadOnlyList<string> providers)
        {
            try
            {
                source.RequireSameModel();
                return OnnxSession.Open(source.ModelPath, source.Model.With(nodes), options, providers);
            }
            finally
            {
                source.ForgetModel();
            }
        }
    }

    /// <summary>Whether a run that failed is to be tried again, on <see cref="Current"/>.</summary>
    /// <param name="failed">The session that it failed on.</param>
    /// <param name="error">How it failed.</param>
    /// <exception cref="AnnException"><see cref="AnnError.Unavailable"/>: the device is lost and nothing takes its place.</exception>
    public bool Replaces(IModelSession failed, AnnException error)
    {
        if (error.Error != AnnError.Unavailable)
            return false;
        lock (_replacing)
        {
            if (_current != failed)
                return true;
            if (_tried || _reopen is null || failed.NextProviders.Count == 0)
                return false;
            _tried = true;
            IModelSession next;
            try
            {
                next = _reopen(failed.NextProviders);
            }
            catch (AnnException e)
            {
                throw new AnnException(AnnError.Unavailable, $"{error.Message} Nothing takes its place: {e.Message}", error);
            }
            Replaced?.Invoke(next, $"Provider '{failed.Provider}' was lost and '{next.Provider}' took its place: {error.Message}");
            // The lost session stays until the end: other threads may still run on it, and its driver may not survive its release.
            _current = next;
            return true;
        }
    }

    public void Dispose()
    {
        _current.Dispose();
        if (_current != _first)
            _first.Dispose();
    }
}
