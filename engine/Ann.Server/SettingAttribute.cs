namespace Ann.Server;

/// <summary>How an operator names a setting of <see cref="ServerOptions"/>, and what help and documents say of it.</summary>
/// <param name="option">Its option of <c>ann serve</c>; <c>files</c> for the argument.</param>
/// <param name="meaning">A sentence or two for the help.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string option, string meaning) : Attribute
{
    /// <summary>Plain numbers are bytes; a size may have a unit.</summary>
    public const string Bytes = "bytes";

    /// <summary>Plain numbers are milliseconds; a time may have a unit.</summary>
    public const string Milliseconds = "ms";

    /// <summary>Plain numbers are seconds; a time may have a unit.</summary>
    public const string Seconds = "s";

    /// <summary>Its option of <c>ann serve</c>.</summary>
    public string Option { get; } = option;

    /// <summary>A sentence or two for the help.</summary>
    public string Meaning { get; } = meaning;

    /// <summary>What a plain number counts; empty where it is none.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The default in words, where it depends on the machine or on other settings; null takes the value.</summary>
    public string? Default { get; init; }

    /// <summary>What a text may be, in words; null where any will do.</summary>
    public string? Form { get; init; }

    /// <summary>True where the value is nobody's to read: shown as asterisks wherever settings are shown, and in no message.</summary>
    public bool Secret { get; init; }

    /// <summary>
    /// What the settings of one file of the options belong to; empty for those of the first. They are told group by group, since a class
    /// in several files has no order of its own.
    /// </summary>
    public string Group { get; init; } = "";

    /// <summary>What the help shows in place of a value; null takes a word for the type.</summary>
    public string? ValueName { get; init; }
}
