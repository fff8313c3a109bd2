using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace Ann.Client.Connecting;

/// <summary>
/// Which calls are made again, and when: gRPC's own service configuration (proposals A6 and A9 of grpc/proposal). Reads change nothing;
/// an upsert, an update or a delete that is made twice leaves what one
/// leaves.
/// </summary>
internal static class CallPolicies
{
    private const string Package = "ann.v1.";

    /// <summary>Away, starting or draining; no room now: the server says when to come again, or never.</summary>
    private static readonly StatusCode[] Passing = [StatusCode.Unavailable, StatusCode.ResourceExhausted];

    /// <summary>What a client asks of gRPC.</summary>
    public static ServiceConfig Of(AnnClientOptions options)
    {
        ServiceConfig config = new();
        if (ServerAddresses.IsBalanced(options.Address))
            config.LoadBalancingConfigs.Add(new RoundRobinConfig());
        if (options.HedgingDelay is { } delay)
            config.MethodConfigs.Add(Reads(new MethodConfig { HedgingPolicy = Hedging(options, delay) }));
        else if (options.MaxAttempts > 1)
            config.MethodConfigs.Add(Reads(new MethodConfig { RetryPolicy = Retry(options) }));
        if (options.MaxAttempts > 1)
            config.MethodConfigs.Add(Writes(new MethodConfig { RetryPolicy = Retry(options) }));
        if (config.MethodConfigs.Count > 0)
        {
            // Where more than half of what is tried again fails too, trying again makes it worse.
            config.RetryThrottling = new RetryThrottlingPolicy { MaxTokens = 100, TokenRatio = 0.5 };
        }
        return config;
    }

    private static MethodConfig Reads(MethodConfig config)
    {
        config.Names.Add(new MethodName { Service = Package + "Retrieval" });
        config.Names.Add(new MethodName { Service = Package + "Indexes", Method = "List" });
        config.Names.Add(new MethodName { Service = Package + "Indexes", Method = "Describe" });
        return config;
    }

    private static MethodConfig Writes(MethodConfig config)
    {
        foreach (string method in new[] { "Upsert", "Update", "Delete", "AppendToSet", "DropSet" })
            config.Names.Add(new MethodName { Service = Package + "Ingest", Method = method });
        return config;
    }

    private static RetryPolicy Retry(AnnClientOptions options)
    {
        RetryPolicy policy = new()
        {
            MaxAttempts = options.MaxAttempts,
            InitialBackoff = TimeSpan.FromMilliseconds(5),
            MaxBackoff = TimeSpan.FromSeconds(1),
            BackoffMultiplier = 3,
        };
        foreach (StatusCode code in Passing)
            policy.RetryableStatusCodes.Add(code);
        return policy;
    }

    private static HedgingPolicy Hedging(AnnClientOptions options, TimeSpan delay)
    {
        HedgingPolicy policy = new() { MaxAttempts = Math.Max(2, options.MaxAttempts), HedgingDelay = delay };
        foreach (StatusCode code in Passing)
            policy.NonFatalStatusCodes.Add(code);
        return policy;
    }
}
