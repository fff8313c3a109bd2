namespace Ann.Server.Filters;

/// <summary>What a token of a filter's text is.</summary>
internal enum FilterTokenKind
{
    /// <summary>A name, number, time or other text without quotes.</summary>
    Word,

    /// <summary>A text in quotes, without them.</summary>
    Quoted,

    /// <summary>One of <c>( ) , = != &lt; &lt;= &gt; &gt;=</c>; <c>==</c> is read as <c>=</c>.</summary>
    Sign,

    /// <summary>Behind the last token.</summary>
    End,
}

/// <summary>A token of a filter's text.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">As it was written; of a quoted one what the quotes hold.</param>
/// <param name="Position">Its first character, from 1.</param>
internal readonly record struct FilterToken(FilterTokenKind Kind, string Text, int Position)
{
    /// <summary>True for this word, in whatever case, without quotes.</summary>
    public bool IsWord(string word) => Kind == FilterTokenKind.Word && string.Equals(Text, word, StringComparison.OrdinalIgnoreCase);

    /// <summary>True for this sign.</summary>
    public bool IsSign(string sign) => Kind == FilterTokenKind.Sign && Text == sign;

    /// <summary>What was found, for messages.</summary>
    public string Found => Kind == FilterTokenKind.End ? "the end" : Kind == FilterTokenKind.Quoted ? $"\"{Text}\"" : $"'{Text}'";
}
