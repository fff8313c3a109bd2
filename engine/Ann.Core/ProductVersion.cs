using System.Reflection;

namespace Ann.Core;

/// <summary>The version of what runs. All projects are built with one, which is that of the latest tag (Directory.Build.props).</summary>
internal static class ProductVersion
{
    /// <summary>As a package has it: <c>1.2.3</c>, or <c>1.2.4-alpha.0.17</c> for the 17th commit after it. Without the commit's hash.</summary>
    public static string Text { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <summary>The first three numbers. Files are marked with these: a commit that changes nothing of a file changes no byte of it.</summary>
    public static string Release { get; } = Text.Split('-')[0];
}
