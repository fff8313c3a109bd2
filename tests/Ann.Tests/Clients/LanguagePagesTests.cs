using System.IO.Compression;

namespace Ann.Tests.Clients;

/// <summary>
/// Goal: who follows a page of engine/docs/clients gets stubs by its command and a program that compiles, reaches a server with TLS and a
/// key, writes, searches and takes a failure apart. What the pages take from package registries is Debian's here.
/// </summary>
[Collection(typeof(LanguageTests))]
public sealed class LanguagePagesTests(GuardedShop shop)
{
    private const string Jars = "/usr/share/java";
    private const string GoogleApis = $"{Jars}/proto-google-common-protos.jar";

    private static readonly (string, string) Protoc = ("protoc", "protobuf-compiler");
    private static readonly (string, string) CommonProtos = (GoogleApis, "libgoogle-common-protos-java");

    /// <summary>Jars of Debian by what Java's page asks for: the runtime of gRPC and protobuf, over Netty.</summary>
    private static readonly (string, string)[] JavaNeeds =
    [
        Protoc, CommonProtos, ("javac", "default-jdk-headless"), ("grpc_java_plugin", "protobuf-compiler-grpc-java-plugin"),
        ($"{Jars}/grpc-netty.jar", "libgrpc-java"), ($"{Jars}/protobuf.jar", "libprotobuf-java"),
        ($"{Jars}/netty-handler.jar", "libnetty-java"), ($"{Jars}/netty-tcnative.jar", "libnetty-tcnative-java"),
        ($"{Jars}/perfmark-api.jar", "libperfmark-java"), ($"{Jars}/guava.jar", "libguava-java"),
        ($"{Jars}/geronimo-annotation-1.3-spec.jar", "libgeronimo-annotation-1.3-spec-java"),
    ];

    [Fact]
    public async Task PythonFollowsItsPage()
    {
        LanguageWorkplace.SkipWithout(
            Protoc, CommonProtos, ("/usr/bin/python3", "python3"), ("grpc_python_plugin", "protobuf-compiler-grpc"));
        using LanguageWorkplace place = new(shop);
        (int code, _, _) = await place.TryAsync("/usr/bin/python3 -c 'import google.protobuf, grpc, numpy'");
        Assert.SkipWhen(code != 0, "Python's packages are not on this machine (Debian: apt-get install python3-grpcio python3-numpy).");

        // Debian has neither grpcio-tools nor googleapis-common-protos: the same compiler and the same files, called as those are.
        string protos = ExtractGoogleApis(place, "googleapis");
        await place.RunAsync(
            "mkdir packages && protoc -I googleapis --python_out=packages googleapis/google/api/annotations.proto "
            + "googleapis/google/api/http.proto googleapis/google/rpc/status.proto googleapis/google/rpc/error_details.proto");
        place.WriteProgram("python3", "exec /usr/bin/python3 \"$@\"\n");
        place.Write("packages/grpc_tools/protoc.py", $"""
            import os, shutil, sys
            os.execvp("protoc", [
                "protoc", "--plugin=protoc-gen-grpc_python=" + shutil.which("grpc_python_plugin"), *sys.argv[1:], "-I", "{protos}"])
            """);
        place.Set("PYTHONPATH", place.PathOf("packages"));

        LanguagePage page = new("python.md");
        Assert.Equal(3, page.Commands.Length);
        await place.RunAsync(page.Commands[1]);
        place.Write("rank.py", page.Program("python", shop.Address));
        Assert.Equal(LanguagePage.Answer, await place.RunAsync(page.Commands[2]));
    }

    [Fact]
    public async Task GoFollowsItsPage()
    {
        const string Sources = "/usr/share/gocode/src";
        LanguageWorkplace.SkipWithout(
            Protoc, CommonProtos, ("go", "golang-go"), ("protoc-gen-go", "protoc-gen-go"), ("protoc-gen-go-grpc", "protoc-gen-go-grpc"),
            ($"{Sources}/google.golang.org/grpc/clientconn.go", "golang-google-grpc-dev"),
            ($"{Sources}/google.golang.org/genproto/googleapis/api/annotations/http.pb.go", "golang-google-genproto-dev"),
            ($"{Sources}/github.com/golang/protobuf/proto/wire.go", "golang-github-golang-protobuf-1-5-dev"));
        using LanguageWorkplace place = new(shop);
        ExtractGoogleApis(place, "googleapis");
        LanguagePage page = new("go.md");
        Assert.Equal(4, page.Commands.Length);
        await place.RunAsync(page.Commands[1]);

        // Debian's packages of Go are sources, which are found by the folders of before modules.
        place.Set("GO111MODULE", "off");
        place.Set("GOFLAGS", "");
        place.Set("GOPATH", place.PathOf("path") + ":/usr/share/gocode");
        place.Write("path/src/ranker/main.go", page.Program("go", shop.Address));
        await place.RunAsync("mv ann ca.pem path/src/ranker && cd path/src/ranker && go vet ./... && test -z \"$(gofmt -l main.go)\"");
        string said = await place.RunAsync("cd path/src/ranker\n" + page.Commands[3]);
        Assert.Equal(LanguagePage.Answer.Replace("NOT_FOUND", "NotFound", StringComparison.Ordinal), said);
    }

    [Fact]
    public async Task JavaFollowsItsPage()
    {
        LanguageWorkplace.SkipWithout(JavaNeeds);
        using LanguageWorkplace place = new(shop);
        ExtractGoogleApis(place, "googleapis");
        await place.RunAsync($"""
            mkdir lib native
            cd lib
            for jar in grpc-api grpc-context grpc-core grpc-netty grpc-protobuf grpc-protobuf-lite grpc-stub protobuf perfmark-api guava \
              failureaccess geronimo-annotation-1.3-spec proto-google-common-protos netty-tcnative netty-buffer netty-codec \
              netty-codec-http netty-codec-http2 netty-codec-socks netty-common netty-handler \
              netty-handler-proxy netty-resolver netty-transport; do
              test ! -e {Jars}/$jar.jar || ln -s {Jars}/$jar.jar
            done
            cp /usr/lib/*/jni/libnetty-tcnative.so ../native/libnetty_tcnative.so # Debian's Netty looks for its TLS by this name
            """);
        place.Set("JDK_JAVA_OPTIONS", $"-Djava.library.path={place.PathOf("native")}");
        LanguagePage page = new("java.md");
        Assert.Equal(3, page.Commands.Length);
        await place.RunAsync(page.Commands[1]);
        place.Write("Rank.java", page.Program("java", shop.Address));
        Assert.Equal(LanguagePage.Answer, await place.RunAsync(page.Commands[2]));
    }

    /// <summary>Lays the .proto files that others import, and tells where.</summary>
    private static string ExtractGoogleApis(LanguageWorkplace place, string folder)
    {
        using ZipArchive jar = ZipFile.OpenRead(GoogleApis);
        foreach (ZipArchiveEntry entry in jar.Entries)
        {
            if (entry.FullName is not ("google/api/annotations.proto" or "google/api/http.proto" or "google/rpc/status.proto"
                or "google/rpc/error_details.proto"))
                continue;
            string to = place.PathOf(Path.Combine(folder, entry.FullName));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            entry.ExtractToFile(to);
        }
        return place.PathOf(folder);
    }
}
