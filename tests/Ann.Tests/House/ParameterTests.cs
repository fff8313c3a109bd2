using System.CodeDom.Compiler;
using System.Reflection;
using System.Runtime.CompilerServices;
using Ann.Bench.Sets;
using Ann.Core.Embedded;
using Ann.Encoding;
using Ann.Server;
using Ann.Tool;
using Microsoft.Extensions.Logging;

namespace Ann.Tests.House;

/// <summary>
/// Goal: nothing is told more than seven things at once; what belongs together has a type that says what it is.
/// Method: reflection over what the compiler made of the product, so neither the layout of a source nor a generator hides anything.
/// Kernels are outside (their arguments live in registers), and so are the primary constructors of records (those are the types meant).
/// </summary>
public sealed class ParameterTests
{
    private const int Most = 7;

    private const BindingFlags Declared =
        BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly string[] KernelNamespaces = ["Ann.Core.Distances", "Ann.Core.Codes"];

    /// <summary>What still takes more.</summary>
    private static readonly HashSet<string> Known = [
        "Ann.Core.Hnsw.EstimateQuery..ctor", "Ann.Core.Hnsw.HnswGraph..ctor",
        "Ann.Bench.Truth.OpenBlas+Sgemm.Invoke", // the signature of C
    ];

    private static readonly Assembly[] Product =
    [
        typeof(AnnIndex).Assembly, typeof(TextEncoder).Assembly, typeof(ServerOptions).Assembly,
        typeof(CommandLine).Assembly, typeof(ExactTruth).Assembly,
    ];

    [Fact]
    public void NothingTakesMoreThanSevenParameters()
    {
        Dictionary<string, int> offenders = (
            from type in Product.SelectMany(static assembly => assembly.GetTypes())
            where !IsKernel(type) && !IsGenerated(type)
            from method in Members(type)
            let count = method.GetParameters().Count(static parameter => !IsClosure(parameter.ParameterType))
            where count > Most
            group count by $"{type.FullName}.{method.Name}").ToDictionary(static one => one.Key, static one => one.Max());
        TidyTests.AssertNone(offenders.Where(static one => !Known.Contains(one.Key))
            .Select(static one => $"{one.Key}: {one.Value} parameters; at most {Most}"));
        Assert.All(Known, known => Assert.True(offenders.ContainsKey(known), $"{known} obeys now: take it off the list."));
    }

    private static IEnumerable<MethodBase> Members(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
            return [type.GetMethod("Invoke")!];

        MethodInfo? deconstruct = type.GetMethods(Declared).FirstOrDefault(static m => m.Name == "Deconstruct" && IsGenerated(m));
        return type.GetMembers(Declared).OfType<MethodBase>()
            .Where(static method => !IsGenerated(method) || IsWritten(method))
            .Where(method => !IsPrimaryOfRecord(method, deconstruct));
    }

    /// <summary>A record with parameters has a method, written by the compiler, that takes it apart into just these.</summary>
    private static bool IsPrimaryOfRecord(MethodBase method, MethodInfo? deconstruct) =>
        method is ConstructorInfo && deconstruct is not null
        && method.GetParameters().Select(static p => (p.Name, p.ParameterType))
            .SequenceEqual(deconstruct.GetParameters().Select(static p => (p.Name, p.ParameterType.GetElementType()!)));

    /// <summary>Local functions and the methods of logs are marked as made by the compiler, but a person chose their parameters.</summary>
    private static bool IsWritten(MethodBase method) =>
        method.Name.Contains("g__", StringComparison.Ordinal) || method.IsDefined(typeof(LoggerMessageAttribute));

    private static bool IsKernel(Type type) => KernelNamespaces.Contains(type.Namespace);

    private static bool IsGenerated(MemberInfo? member)
    {
        for (; member is not null; member = member.DeclaringType)
            if (member.IsDefined(typeof(CompilerGeneratedAttribute)) || member.IsDefined(typeof(GeneratedCodeAttribute)))
                return true;
        return false;
    }

    /// <summary>What a local function uses of the method around it is handed to it in such a structure.</summary>
    private static bool IsClosure(Type type) => type.IsByRef && IsGenerated(type.GetElementType());
}
