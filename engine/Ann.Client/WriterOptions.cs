using Ann.Protocol.V1;
using Grpc.Core;

namespace Ann.Client;

/// <summary>How a stream of writes is made.</summary>
public sealed class WriterOptions
{
    /// <summary>What is done with the items. Default: add them, and replace those that exist.</summary>
    public WriteMode Mode { get; init; } = WriteMode.Upsert;

    /// <summary>
    /// Who writes, at most 128 bytes of UTF-8: the server keeps the last block of each, so that one that is sent again changes nothing.
    /// Name it to go on after a crash of this program; each name has one writer at a time. Default: a new name.
    /// </summary>
    public string? Producer { get; init; }

    /// <summary>Sequence of the first block: above that of the producer's last one. Default: 1.</summary>
    public ulong FirstSequence { get; init; } = 1;

    /// <summary>Encoder that made the vectors, which must be the index's.</summary>
    public ulong? EncoderFingerprint { get; init; }

    /// <summary>
    /// How long a writer goes on trying to reach the server while nothing is acknowledged. Default: 2 minutes.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Bytes of blocks that a writer holds that are not acknowledged, at least those of one block. Default: 8 MiB.</summary>
    public long BufferBytes { get; init; } = 8 << 20;

    /// <summary>Told of every acknowledgement, on a thread of the pool, one after the other.</summary>
    public Action<WriteReport>? Progress { get; init; }

    /// <summary>
    /// Told why a stream ended early, before the next one is opened, likewise: each time while the server stays away.
    /// </summary>
    public Action<RpcException>? Interrupted { get; init; }
}

/// <summary>How far a writer is.</summary>
/// <param name="Blocks">Blocks that are acknowledged: on disk, and visible to the next search.</param>
/// <param name="Items">Items of those.</param>
/// <param name="Applied">
/// Items that were added, replaced or removed, as far as the server could say: those of a block whose acknowledgement was lost are not
/// counted.
/// </param>
/// <param name="Skipped">Items that existed already (insert only) or did not exist (delete), likewise.</param>
/// <param name="Retried">Blocks that were sent again and had been written before.</param>
/// <param name="Streams">Streams that were opened, those among them that found no server.</param>
/// <param name="Sequence">Sequence of the last block that is acknowledged; 0 for none.</param>
/// <param name="LogPosition">Position of the index's log at which it is seen.</param>
public sealed record WriteReport(
    long Blocks, long Items, long Applied, long Skipped, long Retried, int Streams, ulong Sequence, ulong LogPosition);
