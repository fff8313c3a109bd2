using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Ann.Web.Pages;

/// <summary>
/// The files of the console, out of the library. They lie side by side; every other path is the one page, whose script shows what it names.
/// </summary>
internal sealed class ConsoleFiles
{
    /// <summary>Where the console begins.</summary>
    public const string Path = "/console";

    private const string Folder = "Assets/";
    private const string Page = "index.html";

    private readonly FrozenDictionary<string, ConsoleFile> _files;

    public ConsoleFiles()
    {
        Assembly library = typeof(ConsoleFiles).Assembly;
        _files = library.GetManifestResourceNames().Where(static name => name.StartsWith(Folder, StringComparison.Ordinal))
            .ToFrozenDictionary(static name => name[Folder.Length..], name => Read(library, name), StringComparer.Ordinal);
    }

    /// <summary>What there is, by path below the console's.</summary>
    public IReadOnlyDictionary<string, ConsoleFile> All => _files;

    /// <summary>Maps them, and what leads to them.</summary>
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods(Path + "/{**file}", [HttpMethods.Get, HttpMethods.Head], (RequestDelegate)AnswerAsync);
        endpoints.MapGet("/", static http =>
        {
            http.Response.Redirect(Path);
            return Task.CompletedTask;
        });
    }

    private Task AnswerAsync(HttpContext context)
    {
        string path = context.Request.Path.Value![Path.Length..].TrimStart('/');
        string name = !path.Contains('/', StringComparison.Ordinal) && System.IO.Path.HasExtension(path) ? path : Page; // indexes have dots
        if (!_files.TryGetValue(name, out ConsoleFile? file))
            return WebGuard.WriteAsync(context, StatusCodes.Status404NotFound, Google.Rpc.Code.NotFound, "The console has no such file.");
        IHeaderDictionary headers = context.Response.Headers;
        headers[HeaderNames.CacheControl] = "no-cache"; // kept, and asked about: another version of the server has other files
        headers[HeaderNames.ETag] = file.Tag;
        headers[HeaderNames.Vary] = HeaderNames.AcceptEncoding;
        if (context.Request.Headers.IfNoneMatch == file.Tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        context.Response.ContentType = file.Type;
        bool packed = context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal);
        if (packed)
            headers[HeaderNames.ContentEncoding] = "gzip";
        byte[] bytes = packed ? file.Packed : file.Bytes;
        context.Response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    private static ConsoleFile Read(Assembly library, string name)
    {
        using Stream stream = library.GetManifestResourceStream(name)!;
        using MemoryStream whole = new();
        stream.CopyTo(whole);
        byte[] bytes = whole.ToArray();
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            gzip.Write(bytes);
        string tag = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8));
        return new ConsoleFile(bytes, packed.ToArray(), TypeOf(name), $"\"{tag}\"");
    }

    private static string TypeOf(string name) => System.IO.Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        string other => throw new InvalidOperationException($"The console has no files that end with '{other}'."),
    };
}

/// <summary>A file of the console.</summary>
/// <param name="Bytes">As it is.</param>
/// <param name="Packed">Compressed with gzip.</param>
/// <param name="Type">Its media type.</param>
/// <param name="Tag">Its entity tag.</param>
internal sealed record ConsoleFile(byte[] Bytes, byte[] Packed, string Type, string Tag);
