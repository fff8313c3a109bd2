using System.Globalization;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>An encoder that a generation names.</summary>
/// <param name="Fingerprint">Null when unknown.</param>
/// <param name="Name">For people; empty when unknown.</param>
internal readonly record struct SnapshotEncoder(ulong? Fingerprint, string Name)
{
    /// <summary>As messages name it.</summary>
    public override string ToString() => Fingerprint is ulong known ? $"'{Name}' ({known:x16})" : "that is not named";

    /// <summary>The encoder of a fingerprint as files have it.</summary>
    /// <param name="fingerprint">16 hex digits; anything else is unknown.</param>
    /// <param name="name">For people.</param>
    public static SnapshotEncoder Of(string fingerprint, string name) => new(
        ulong.TryParse(fingerprint, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong parsed) ? parsed : null, name);
}

/// <summary>
/// The encoders of a generation: the one that made its rows, and the one that makes the queries asked of them. Two towers that were
/// trained together are two encoders; of most text models one is both.
/// </summary>
/// <param name="Items">Who made the rows.</param>
/// <param name="OwnQueries">Who makes the queries, where that is another one; null when <paramref name="Items"/> does.</param>
internal readonly record struct EncoderPair(SnapshotEncoder Items, SnapshotEncoder? OwnQueries)
{
    /// <summary>One encoder for both.</summary>
    /// <param name="fingerprint">Null when unknown.</param>
    /// <param name="name">For people; empty when unknown.</param>
    public EncoderPair(ulong? fingerprint, string name)
        : this(new SnapshotEncoder(fingerprint, name), null)
    {
    }

    /// <summary>Who makes the queries.</summary>
    public SnapshotEncoder Queries => OwnQueries ?? Items;

    /// <summary>As the record of a build tells it.</summary>
    public static EncoderPair Of(BuildRecord record) => new(
        SnapshotEncoder.Of(record.EncoderFingerprint, record.EncoderName),
        record.QueryEncoderFingerprint is string queries ? SnapshotEncoder.Of(queries, record.QueryEncoderName ?? "") : null);
}
