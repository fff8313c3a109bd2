using System.Reflection;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Ann.Bench.Micro;

/// <summary>The micro-benchmarks: measured by BenchmarkDotNet, or every body once.</summary>
internal static class MicroRun
{
    /// <summary>Every class of benchmarks.</summary>
    public static Type[] Classes { get; } =
        [typeof(KernelBenchmarks), typeof(WalkBenchmarks), typeof(SegmentBenchmarks), typeof(WireBenchmarks)];

    /// <summary>Measures.</summary>
    /// <param name="filters">Globs over <c>Namespace.Class.Method</c>.</param>
    /// <param name="output">Directory of the tables and of their JSON.</param>
    public static void Measure(string[] filters, string output)
    {
        // In this process: a project generated below the tree would inherit the tree's own build rules, and fail by them.
        IConfig config = ManualConfig.Create(DefaultConfig.Instance)
            .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithMaxIterationCount(30))
            .AddColumn(WalkColumn.All)
            .AddExporter(JsonExporter.Full)
            .WithArtifactsPath(output);
        MicroScale.Current = MicroScale.Full;
        BenchmarkSwitcher.FromTypes(Classes).Run(["--filter", .. filters], config);
    }

    /// <summary>Sets up, runs every benchmark once on tiny data, cleans up.</summary>
    /// <returns>Names of what ran.</returns>
    public static IReadOnlyList<string> Smoke()
    {
        MicroScale.Current = MicroScale.Smoke;
        List<string> ran = [];
        foreach (Type type in Classes)
        {
            object instance = Activator.CreateInstance(type)!;
            Invoke<GlobalSetupAttribute>(instance);
            foreach (MethodInfo benchmark in Marked<BenchmarkAttribute>(type))
            {
                benchmark.Invoke(instance, null);
                ran.Add($"{type.Name}.{benchmark.Name}");
            }
            Invoke<GlobalCleanupAttribute>(instance);
        }
        return ran;
    }

    private static IEnumerable<MethodInfo> Marked<TAttribute>(Type type)
        where TAttribute : Attribute =>
        type.GetMethods().Where(method => method.GetCustomAttribute<TAttribute>() is not null);

    private static void Invoke<TAttribute>(object instance)
        where TAttribute : Attribute
    {
        foreach (MethodInfo method in Marked<TAttribute>(instance.GetType()))
            method.Invoke(instance, null);
    }
}
