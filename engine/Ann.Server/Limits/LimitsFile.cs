using System.Text.Json.Serialization;
using Ann.Core;
using Ann.Server.Reloading;

namespace Ann.Server.Limits;

/// <summary>The file of limits by caller and index. Of several rules that fit, each limit is of the first that states it.</summary>
/// <param name="Version">1.</param>
/// <param name="Limits">In the order in which they are looked through.</param>
internal sealed record LimitsFile(int Version, IReadOnlyList<LimitRule> Limits) : IVersioned
{
    /// <summary>What is read.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Most rules: each new caller is held against all.</summary>
    public const int MaxRules = 10_000;

    /// <summary>A file that limits nobody.</summary>
    public static LimitsFile Empty { get; } = new(CurrentVersion, []);

    /// <summary>Reads the content of a file.</summary>
    /// <exception cref="AnnException">InvalidArgument: it holds something else; names everything that is wrong in it.</exception>
    public static LimitsFile Parse(string path, byte[] content)
    {
        LimitsFile file = VersionedJson.Read(path, content, LimitsFileJson.Default.LimitsFile, CurrentVersion, "limits");
        if (file.Limits.Count > MaxRules)
            throw AnnException.BadInput(path, "limits", $"there are {file.Limits.Count}; it must be at most {MaxRules}.");
        string[] faults = [.. file.Limits.SelectMany(static (rule, place) => Faults(rule, place))];
        return faults.Length == 0 ? file : throw AnnException.BadInput(path, "", string.Join(" ", faults));
    }

    private static IEnumerable<string> Faults(LimitRule? rule, int place) => rule is null
        ? [$"limits[{place}] is null."]
        : rule.Faults().Select(fault => $"limits[{place}] {fault}");
}

/// <summary>The file as JSON. A member that this build does not know might be a limit, so it is refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false, MaxDepth = 8,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(LimitsFile))]
internal sealed partial class LimitsFileJson : JsonSerializerContext;
