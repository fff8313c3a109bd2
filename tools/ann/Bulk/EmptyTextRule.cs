using Ann.Core;

namespace Ann.Tool.Bulk;

/// <summary>What becomes of texts without tokens.</summary>
internal enum EmptyTextPolicy
{
    /// <summary>Nothing is encoded.</summary>
    Fail,

    /// <summary>They are left out, with their keys and attributes.</summary>
    Skip,

    /// <summary>They get the row that the model makes of no tokens.</summary>
    Keep,
}

/// <summary>Words about texts without tokens.</summary>
internal static class EmptyTextRule
{
    /// <summary>What may be chosen, as a sentence.</summary>
    public const string Choices = "--empty skip leaves them out, --empty keep gives them the row that the model makes of no tokens.";

    /// <summary>The policy that a word of <c>--empty</c> means.</summary>
    public static EmptyTextPolicy PolicyOf(string word) => EnumNames<EmptyTextPolicy>.Plain.Parse(word);
}
