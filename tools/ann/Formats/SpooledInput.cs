using System.CommandLine;
using Ann.Core;
using Ann.Tool.Items;

namespace Ann.Tool.Formats;

/// <summary>
/// Vectors of standard input as a file: most formats are read from more than one place, and all tell their rows before the first. The file
/// lies in a folder of its own, which goes when this is disposed. Another input is what it is.
/// </summary>
internal sealed class SpooledInput : IDisposable
{
    private readonly DirectoryInfo? _folder;

    private SpooledInput(string path, DirectoryInfo? folder)
    {
        Path = path;
        _folder = folder;
    }

    /// <summary>The file to read.</summary>
    public string Path { get; }

    /// <summary><c>--input-format</c>.</summary>
    public static Option<string?> Format()
    {
        Option<string?> option = VerbOptions.Optional(
            "--input-format", string.Join('|', VectorFormats.Names), "Format of standard input. A file's name tells its own.");
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !VectorFormats.Names.Contains(result.Tokens[0].Value))
            {
                result.AddError(
                    $"--input-format is '{result.Tokens[0].Value}'; it must be one of {string.Join(", ", VectorFormats.Names)}.");
            }
        });
        return option;
    }

    /// <summary>Makes a file of standard input, where that is what was named.</summary>
    /// <param name="tool">Where files go for a while.</param>
    /// <param name="input">A path, or <c>-</c>.</param>
    /// <param name="format">What standard input holds; null where nobody said.</param>
    /// <param name="cancellation">Ends the wait for input.</param>
    /// <exception cref="AnnException">InvalidArgument: a format without need, or none where one is needed.</exception>
    public static async Task<SpooledInput> OpenAsync(ToolContext tool, string input, string? format, CancellationToken cancellation)
    {
        if (input != ItemFormats.StandardInput)
        {
            return format is null
                ? new SpooledInput(input, null)
                : throw AnnException.Invalid(
                    "--input-format", $"--input-format is for standard input (-); the name of {input} tells its format.");
        }
        if (format is null)
            throw AnnException.Invalid("--input-format", "standard input tells no format: --input-format names it.");
        DirectoryInfo folder = tool.MakeTemporaryFolder("ann-input-");
        SpooledInput spooled = new(
            System.IO.Path.Combine(folder.FullName, "standard-input" + VectorFormats.Named(format).Extensions[0]), folder);
        try
        {
            await using Stream from = tool.OpenInput();
            await using Stream to = tool.Files.Create(spooled.Path);
            await from.CopyToAsync(to, cancellation);
            return spooled;
        }
        catch
        {
            spooled.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _folder?.Delete(recursive: true);
}
