namespace Ann.Encoding;

/// <summary>What a field of a row holds.</summary>
public enum FeatureFieldType
{
    /// <summary>Numbers, as they are.</summary>
    Float,

    /// <summary>Ids, as they are.</summary>
    Id,

    /// <summary>Texts, which become ids by a vocabulary or by a hash.</summary>
    String,
}

/// <summary>Which end of a list that is too long is kept.</summary>
public enum FeatureListEnd
{
    /// <summary>What comes first.</summary>
    First,

    /// <summary>What comes last: the newest of a history.</summary>
    Last,
}

/// <summary>
/// One entry of the field <c>fields</c> of <see cref="EncoderDescription"/>: a member of a row, and which input of the graph it goes to.
/// Fields of one input stand side by side in it, in their order.
/// </summary>
public sealed record FeatureFieldDescription
{
    /// <summary>The member's name in a row.</summary>
    public required string Name { get; init; }

    /// <summary>The graph's input. Null: <see cref="Name"/>.</summary>
    public string? Input { get; init; }

    /// <summary>What the member holds.</summary>
    public FeatureFieldType Type { get; init; }

    /// <summary>Numbers: how many, 1 to 16,384. Null: 1.</summary>
    public int? Columns { get; init; }

    /// <summary>
    /// Ids and texts: the member is a list of at most so many, 1 to 65,536, padded behind them. Null: it is one, and no list.
    /// </summary>
    public int? Length { get; init; }

    /// <summary>What pads a list, and stands for an optional member that is missing. Null: 0.</summary>
    public long? Padding { get; init; }

    /// <summary>What is kept of a list that is too long. Null: it is refused.</summary>
    public FeatureListEnd? Keep { get; init; }

    /// <summary>Lists: the graph's input that has 1 at members and 0 at padding; float, int64, int32 or bool. Null: none.</summary>
    public string? Mask { get; init; }

    /// <summary>Lists: the graph's input that has the number of members; int64 or int32 of rank 1, or of rank 2. Null: none.</summary>
    public string? Lengths { get; init; }

    /// <summary>A row may lack the member: numbers are 0 then, one id is the padding, a list is empty. Null: false.</summary>
    public bool? Optional { get; init; }

    /// <summary>Texts: file of those that are known, one a line, relative to the directory. The first has the id 0.</summary>
    public string? Vocabulary { get; init; }

    /// <summary>Texts: the id of those that the vocabulary does not have. Null: they are refused.</summary>
    public long? Unknown { get; init; }

    /// <summary>Texts without a vocabulary: XxHash3 of the UTF-8 bytes, modulo this, 1 to 2,147,483,647.</summary>
    public int? HashBuckets { get; init; }

    /// <summary>The hash's seed, 0 to 2,147,483,647. Null: 0.</summary>
    public int? Seed { get; init; }

    /// <summary>Texts: added to what the vocabulary or the hash says, 0 to 2,147,483,647; not to <see cref="Unknown"/>. Null: 0.</summary>
    public int? Offset { get; init; }
}
