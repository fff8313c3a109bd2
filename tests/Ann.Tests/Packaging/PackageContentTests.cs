using System.Buffers.Binary;
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Ann.Tests.House;

namespace Ann.Tests.Packaging;

/// <summary>Goal: a package holds what its users need, and nothing else; what it says of itself is whole and true.</summary>
public sealed partial class PackageContentTests(LocalPackages packages) : IClassFixture<LocalPackages>
{
    private const long MostBytes = 1 << 20;

    /// <summary>
    /// The packages that each asks for: those that it references, and those below them whose version is pinned here, so that users get
    /// what was tested.
    /// </summary>
    private static readonly Dictionary<string, string[]> Dependencies = new(StringComparer.Ordinal)
    {
        ["Ann.Core"] = ["System.IO.Hashing"],
        ["Ann.Protocol"] = ["Google.Api.CommonProtos", "Google.Protobuf", "Grpc.Net.Client"],
        ["Ann.Client"] =
        [
            "Ann.Protocol", "Google.Api.CommonProtos", "Google.Protobuf", "Grpc.Net.Client", "Grpc.StatusProto",
            "Microsoft.Extensions.Options",
        ],
        ["Ann.Extensions.VectorData"] =
        [
            "Ann.Client", "Google.Api.CommonProtos", "Google.Protobuf", "Grpc.Net.Client", "Grpc.StatusProto",
            "Microsoft.Extensions.AI.Abstractions", "Microsoft.Extensions.Options", "Microsoft.Extensions.VectorData.Abstractions",
        ],
        ["Ann.Aspire.Client"] =
        [
            "Ann.Client", "Google.Api.CommonProtos", "Google.Protobuf", "Grpc.HealthCheck", "Grpc.Net.Client", "Grpc.StatusProto",
            "Microsoft.Extensions.Configuration.Binder", "Microsoft.Extensions.Diagnostics.HealthChecks",
            "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Options", "OpenTelemetry.Extensions.Hosting",
        ],
        ["Ann.Aspire.Hosting"] = ["Aspire.Hosting"],
    };

    public static TheoryData<string> Names => [.. LocalPackages.Projects.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void APackageHoldsALibraryItsDocumentsAndNothingElse(string id)
    {
        using ZipArchive package = packages.Open(id);

        string[] files = [.. package.Entries.Select(static one => one.FullName).Where(static name => !Container().IsMatch(name))];
        Assert.Equal(
            new[] { $"{id}.nuspec", "LICENSE", "README.md", "icon.png", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml" }
                .Order(StringComparer.Ordinal),
            files.Order(StringComparer.Ordinal));
        Assert.InRange(new FileInfo(packages.FileOf(id)).Length, 1, MostBytes);
        Assert.Contains($"# {id}", Text(package, "README.md"), StringComparison.Ordinal);
        Assert.Contains("MIT License", Text(package, "LICENSE"), StringComparison.Ordinal);
        Assert.Contains("<summary>", Text(package, $"lib/net10.0/{id}.xml"), StringComparison.Ordinal);
        byte[] icon = Bytes(package, "icon.png");
        Assert.Equal("PNG"u8, icon.AsSpan(1, 3));
        Assert.Equal(128, BinaryPrimitives.ReadInt32BigEndian(icon.AsSpan(16))); // width and height
        Assert.Equal(128, BinaryPrimitives.ReadInt32BigEndian(icon.AsSpan(20)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void APackageSaysWhatItIs(string id)
    {
        using ZipArchive package = packages.Open(id);
        XElement metadata = LocalPackages.MetadataOf(package);
        string Of(string name) => metadata.Element(name)?.Value ?? "";

        Assert.Equal((id, "README.md", "icon.png"), (Of("id"), Of("readme"), Of("icon")));
        Assert.Matches(@"^\d+\.\d+\.\d+(-[\w.]+)?$", Of("version"));
        Assert.Equal("The AnnServer authors", Of("authors"));
        Assert.NotEmpty(Of("copyright"));
        Assert.InRange(Of("tags").Split(' ').Length, 3, 10);
        Assert.InRange(Of("description").Length, 40, 300);
        XElement license = metadata.Element("license")!;
        Assert.Equal(("expression", "MIT"), (license.Attribute("type")?.Value, license.Value));
        // A clone's address may be a folder of the machine, which is nobody's business.
        Assert.DoesNotContain("file:", metadata.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(TidyTests.Root, metadata.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void APackageAsksForWhatItIsBuiltWith(string id)
    {
        using ZipArchive package = packages.Open(id);
        XElement metadata = LocalPackages.MetadataOf(package);
        Dictionary<string, string> asked = metadata.Descendants("dependency")
            .ToDictionary(static one => one.Attribute("id")!.Value, static one => one.Attribute("version")!.Value);
        Dictionary<string, string> pinned = XDocument.Load(Path.Combine(TidyTests.Root, "Directory.Packages.props"))
            .Descendants("PackageVersion")
            .ToDictionary(static one => one.Attribute("Include")!.Value, static one => one.Attribute("Version")!.Value);

        Assert.Equal(Dependencies[id], asked.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, string version) in asked)
        {
            if (LocalPackages.Projects.ContainsKey(name))
                Assert.Equal(metadata.Element("version")!.Value, version);
            else if (!pinned[name].StartsWith('$'))
                Assert.Equal(pinned[name], version);
        }
        Assert.Equal("net10.0", Assert.Single(metadata.Descendants("group")).Attribute("targetFramework")!.Value);
    }

    /// <summary>A debugger finds the symbols by a number that both have.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void TheSymbolsAreThoseOfTheLibrary(string id)
    {
        using ZipArchive package = packages.Open(id);
        using ZipArchive symbols = packages.Open(id, "snupkg");
        using PEReader library = new(new MemoryStream(Bytes(package, $"lib/net10.0/{id}.dll")));
        using MetadataReaderProvider provider =
            MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(Bytes(symbols, $"lib/net10.0/{id}.pdb")));

        DebugDirectoryEntry[] entries = [.. library.ReadDebugDirectory()];
        Guid wanted = library.ReadCodeViewDebugDirectoryData(Assert.Single(
            entries, static one => one.Type == DebugDirectoryEntryType.CodeView)).Guid;
        Assert.Equal(wanted, new BlobContentId(provider.GetMetadataReader().DebugMetadataHeader!.Id).Guid);
        Assert.Contains(entries, static one => one.Type == DebugDirectoryEntryType.Reproducible);
    }

    private static string Text(ZipArchive package, string name) => System.Text.Encoding.UTF8.GetString(Bytes(package, name));

    private static byte[] Bytes(ZipArchive package, string name)
    {
        using Stream stream = package.GetEntry(name)!.Open();
        using MemoryStream all = new();
        stream.CopyTo(all);
        return all.ToArray();
    }

    /// <summary>What the container of any package has.</summary>
    [GeneratedRegex(@"^(\[Content_Types\]\.xml|_rels/.*|package/.*)$")]
    private static partial Regex Container();
}
