namespace Ann.Encoding;

/// <summary>What a text is for. Some models are trained with other words in front of queries than of documents.</summary>
public enum TextRole
{
    /// <summary>It is found: an item.</summary>
    Document,

    /// <summary>It asks.</summary>
    Query,
}
