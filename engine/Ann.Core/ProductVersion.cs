using System.Reflection;

namespace Ann.Core;

/// <summary>The version of what runs. All projects are built with one, that of the latest tag (Directory.Build.props).</summary>
internal static class ProductVersion
{
    /// <summary>As a package has it: <c>1.2.3</c>, or <c>1.2.4-alpha.0.17</c> 17 commits later. Without the commit's hash.</summary>
    public static string Text { get; } = Informational(typeof(ProductVersion).Assembly).Split('+')[0];

    /// <summary>The first three numbers. Files are marked with these: another commit does not give another file.</summary>
    public static string Release { get; } = Text.Split('-')[0];

    private static string Informational(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
}
