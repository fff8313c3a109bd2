namespace Ann.Aspire.Hosting;

/// <summary>
/// The image that <see cref="AnnServerBuilderExtensions.AddAnnServer"/> starts. None is published: it is built on this machine, from the
/// sources, by <c>docker build -f engine/deploy/docker/Dockerfile --target cpu -t annserver:0.1.0 .</c>
/// </summary>
public static class AnnServerImage
{
    /// <summary>Name of the image, without a registry.</summary>
    public const string Name = "annserver";

    /// <summary>Tag of the image for CPUs; that with CUDA has <c>-gpu</c> behind it.</summary>
    public const string Tag = "0.1.0";

    internal const int GrpcPort = 50051;
    internal const int OpsPort = 9464;
    internal const string Data = "/data";
    internal const string KeyFile = "/etc/annserver/keys.json";
}
