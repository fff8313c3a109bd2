using System.Diagnostics;
using Ann.Core;

namespace Ann.Server.Services;

/// <summary>The caller's own mark of a request.</summary>
internal static class RequestTag
{
    private const int MaxBytes = 256;

    /// <summary>Notes it in the trace.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: too long.</exception>
    public static void Note(string tag)
    {
        if (tag.Length == 0)
            return;
        if (System.Text.Encoding.UTF8.GetByteCount(tag) is int length and > MaxBytes)
            throw AnnException.Invalid("request_tag", $"request_tag takes {length} bytes; it must be at most {MaxBytes}.");
        Activity.Current?.SetTag("ann.request_tag", tag);
    }
}
