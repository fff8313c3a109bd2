using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ann.Core;

namespace Ann.Server.Reloading;

/// <summary>A file of the operator as JSON, which says its version.</summary>
internal interface IVersioned
{
    /// <summary>Version of the format.</summary>
    int Version { get; }
}

/// <summary>Reads files of the operator: keys, grants, limits.</summary>
internal static class VersionedJson
{
    /// <summary>Reads the content of a file.</summary>
    /// <param name="path">The file, for the error.</param>
    /// <param name="content">What is in it.</param>
    /// <param name="type">Refuses members that it does not know: they might narrow a right.</param>
    /// <param name="version">The only one that is read.</param>
    /// <param name="what">What the file holds, for the error: <c>grants</c>.</param>
    /// <exception cref="AnnException">InvalidArgument: it holds something else; names file, line and what was expected.</exception>
    public static T Read<T>(string path, byte[] content, JsonTypeInfo<T> type, int version, string what)
        where T : class, IVersioned
    {
        T? file;
        try
        {
            file = JsonSerializer.Deserialize(content, type);
        }
        catch (JsonException e)
        {
            throw AnnException.BadInput(path, $"line {e.LineNumber + 1}", $"it is no file of {what}: {e.Message}", e);
        }
        return file?.Version == version
            ? file
            : throw AnnException.BadInput(path, "", $"version is {file?.Version}; this build reads version {version}.");
    }
}
