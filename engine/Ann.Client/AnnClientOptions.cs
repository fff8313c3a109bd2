using System.Security.Cryptography.X509Certificates;
using Ann.Client.Connecting;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace Ann.Client;

/// <summary>Where servers are, what lets a client in, and how patient it is. Checked when a client is made.</summary>
public sealed class AnnClientOptions
{
    /// <summary>
    /// Where the servers are. One of: <c>http://HOST:PORT</c> or <c>https://HOST:PORT</c>, one server; <c>unix:///PATH</c>, a server of
    /// the same machine by its socket; <c>dns:///HOST:PORT</c>, every address of the name, in turn;
    /// <c>static:///HOST:PORT,HOST:PORT</c>, these, in turn. Required.
    /// </summary>
    public string Address { get; set; } = "";

    /// <summary>Encrypt where <see cref="Address"/> leaves that open (<c>dns</c>, <c>static</c>). Default: false.</summary>
    public bool UseTls { get; set; }

    /// <summary>
    /// API key or token (JWT) that is shown with each call; null for none. Over a connection without encryption it is shown to the same
    /// machine alone.
    /// </summary>
    public string? ApiKey { get; set; }

    /// <summary>Asked for a token before each call, in place of <see cref="ApiKey"/>. Should keep it until it expires.</summary>
    public Func<CancellationToken, ValueTask<string>>? TokenProvider { get; set; }

    /// <summary>Who issued the servers' certificates; null for those whom the system trusts.</summary>
    public X509Certificate2Collection? Authorities { get; set; }

    /// <summary>
    /// The very certificate that a server must show, whatever names it has and whoever issued it; null for one that
    /// <see cref="Authorities"/> or the system vouch for.
    /// </summary>
    public X509Certificate2? ServerCertificate { get; set; }

    /// <summary>Certificate with its key that is shown to the servers; null for none.</summary>
    public X509Certificate2? ClientCertificate { get; set; }

    /// <summary>
    /// Certificates between <see cref="ClientCertificate"/> and one that the servers know, which are shown with it; null for none.
    /// </summary>
    public X509Certificate2Collection? ClientCertificateIssuers { get; set; }

    /// <summary>
    /// How long a search or another read may take where the call says nothing: it becomes the deadline, by which the server shortens its
    /// search or gives up. <see cref="Timeout.InfiniteTimeSpan"/> for no limit. Default: 1 s.
    /// </summary>
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one upsert, delete or other write may take, likewise; streams of writes have no limit. Default: 30 s.</summary>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Calls that are made in all for one read or write that fails because the server is away, is starting or has no room, 1 to 5; as long
    /// as the deadline allows, and as the server says (<c>grpc-retry-pushback-ms</c>). 1: none again. Default: 4.
    /// </summary>
    public int MaxAttempts { get; set; } = 4;

    /// <summary>
    /// Time after which a read that has no answer is sent a second time, to whoever is next; the first answer counts. Take about the p95
    /// of the searches. Null: never. Goes with several servers or connections. It takes the place of trying again.
    /// </summary>
    public TimeSpan? HedgingDelay { get; set; }

    /// <summary>
    /// HTTP/2 connections to each server, 1 to 1,024; calls take them in turn. One carries some 20,000 small calls a second. Default: 1.
    /// </summary>
    public int Connections { get; set; } = 1;

    /// <summary>
    /// True to keep to <see cref="Connections"/> also while more calls are under way than a server takes on them (100 each where it says
    /// nothing): the others wait. False opens further ones for those. Default: false.
    /// </summary>
    public bool HasFixedConnections { get; set; }

    /// <summary>Longest reply that is taken, bytes. Default: 256 MiB, the longest that a server gives by default.</summary>
    public int MaxReplyBytes { get; set; } = 256 << 20;

    /// <summary>Interceptors of gRPC that see each call, first to last.</summary>
    public IList<Interceptor> Interceptors { get; } = [];

    /// <summary>Changes what is not said here, such as the logger; called for each channel when all else is set.</summary>
    public Action<GrpcChannelOptions>? ConfigureChannel { get; set; }

    /// <summary>The faults of these options, a sentence each; none where they are good.</summary>
    public IEnumerable<string> Validate()
    {
        if (ServerAddresses.FaultOf(Address, UseTls) is { } fault)
            yield return fault;
        else if ((ApiKey ?? (object?)TokenProvider) is not null && !ServerAddresses.KeepsSecrets(Address, UseTls))
            yield return $"{nameof(ApiKey)} or {nameof(TokenProvider)} is given, and {nameof(Address)} is '{Address}': it is sent to other "
                + "machines over connections with encryption alone, since anybody on the way could take it.";
        if (ApiKey is not null && TokenProvider is not null)
            yield return $"{nameof(ApiKey)} and {nameof(TokenProvider)} are given; one of them was expected.";
        if (ApiKey is { } key && (key.Length == 0 || !key.All(static one => one is > ' ' and < '\u007f')))
            yield return $"{nameof(ApiKey)} is no key or token: one word of ASCII was expected.";
        if ((Authorities ?? ServerCertificate ?? (object?)ClientCertificate) is not null && !ServerAddresses.IsEncrypted(Address, UseTls))
        {
            yield return $"{nameof(Authorities)}, {nameof(ServerCertificate)} and {nameof(ClientCertificate)} are for encryption; "
                + $"{nameof(Address)} is '{Address}'.";
        }
        if (ClientCertificate is { HasPrivateKey: false })
            yield return $"{nameof(ClientCertificate)} has no private key.";
        foreach ((string name, TimeSpan time) in new[] { (nameof(ReadTimeout), ReadTimeout), (nameof(WriteTimeout), WriteTimeout) })
            if (time <= TimeSpan.Zero && time != Timeout.InfiniteTimeSpan)
                yield return $"{name} is {time}; a time above zero was expected, or {nameof(Timeout.InfiniteTimeSpan)}.";
        if (MaxAttempts is < 1 or > 5)
            yield return $"{nameof(MaxAttempts)} is {MaxAttempts}; 1 to 5 was expected.";
        if (HedgingDelay is { } delay && (delay < TimeSpan.Zero || delay > TimeSpan.FromMinutes(1)))
            yield return $"{nameof(HedgingDelay)} is {delay}; 0 to 1 minute was expected.";
        if (Connections is < 1 or > 1024)
            yield return $"{nameof(Connections)} is {Connections}; 1 to 1,024 was expected.";
        if (MaxReplyBytes < 1)
            yield return $"{nameof(MaxReplyBytes)} is {MaxReplyBytes}; at least 1 was expected.";
    }
}
