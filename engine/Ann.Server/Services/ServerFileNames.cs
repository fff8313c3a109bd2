using Ann.Core;
using Ann.Core.Indexes;

namespace Ann.Server.Services;

/// <summary>Paths that callers may name: one file or directory right below a directory that the operator chose, and nothing else.</summary>
internal static class ServerFileNames
{
    /// <summary>The path of a name below a directory.</summary>
    /// <param name="directory">The operator's directory.</param>
    /// <param name="option">The option that would set it, for the refusal when it is empty.</param>
    /// <param name="field">The request's field.</param>
    /// <param name="name">What it holds: the rules of index names, which leave no way out of the directory.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: the name. <see cref="AnnError.FailedPrecondition"/>: no such directory was configured.
    /// </exception>
    public static string Resolve(string directory, string option, string field, string name)
    {
        IndexName.RequireField(field, Path.GetExtension(name) == IndexName.FileExtension ? Path.GetFileNameWithoutExtension(name) : name);
        if (name.AsSpan().IndexOfAny('/', '\\') >= 0)
            throw AnnException.Invalid(field, $"{field} is a path; it must be a name without a directory.");
        if (directory.Length == 0)
        {
            throw new AnnException(AnnError.FailedPrecondition, $"The server has no directory for this; its operator can set {option}.")
            {
                Field = field,
            };
        }
        return Path.Combine(directory, name);
    }
}
