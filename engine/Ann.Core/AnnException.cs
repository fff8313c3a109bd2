namespace Ann.Core;

/// <summary>Why an operation failed, as a caller can act on it. One value per reaction, not per cause.</summary>
public enum AnnError
{
    /// <summary>The request, file or option can never succeed as written. Fix it.</summary>
    InvalidArgument,

    /// <summary>Nothing has that name.</summary>
    NotFound,

    /// <summary>The name is taken.</summary>
    AlreadyExists,

    /// <summary>The request does not fit the state: an encoder or a generation other than the one it names.</summary>
    FailedPrecondition,

    /// <summary>Try again later with back-off: a queue, a disk or a memory budget is full.</summary>
    Overloaded,

    /// <summary>Not ready yet, or going away. Another replica can answer.</summary>
    Unavailable,

    /// <summary>A checksum or an invariant of a file failed. Needs an operator.</summary>
    Corrupt,
}

/// <summary>An expected failure. Programmer mistakes are <see cref="ArgumentException"/> or a failed assertion instead.</summary>
/// <param name="error">How a caller can react.</param>
/// <param name="message">Names the thing, what was expected and what was found.</param>
/// <param name="inner">The cause, when another exception is one.</param>
public sealed class AnnException(AnnError error, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How a caller can react.</summary>
    public AnnError Error { get; } = error;

    /// <summary>Name of the request field or option at fault, in the caller's own spelling; null when none is.</summary>
    public string? Field { get; init; }

    /// <summary>Every condition that does not hold, where there may be several: the message tells them together. Empty otherwise.</summary>
    public IReadOnlyList<AnnViolation> Violations { get; init; } = [];

    /// <summary>
    /// When a caller should come back, as the limit reckons that refused it; infinite for never, null where only the kind of the failure
    /// tells.
    /// </summary>
    internal TimeSpan? RetryAfter { get; init; }

    /// <summary>The same failure, its field as another caller spells it: there, and where the message begins with it.</summary>
    internal AnnException Renamed(string field)
    {
        bool isNamed = Field is { Length: > 0 } && Message.StartsWith(Field, StringComparison.Ordinal)
            && Message.Length > Field.Length && Message[Field.Length] is ' ' or ':';
        string message = isNamed ? field + Message[Field!.Length..] : Message;
        return new AnnException(Error, message, this) { Field = field, Violations = Violations, RetryAfter = RetryAfter };
    }

    /// <summary>A value of a request, an option or an input file is out of its range.</summary>
    /// <param name="field">The field or option, as the caller spells it.</param>
    /// <param name="message">What was expected and what was found.</param>
    internal static AnnException Invalid(string field, string message) =>
        new(AnnError.InvalidArgument, message) { Field = field };

    /// <summary>What is asked for does not fit the state.</summary>
    /// <param name="field">What of the request names it, as the caller spells it.</param>
    /// <param name="message">What was expected and what was found.</param>
    internal static AnnException Refused(string field, string message) =>
        new(AnnError.FailedPrecondition, message) { Field = field };

    /// <summary>An index that is being closed does nothing more.</summary>
    internal static AnnException Closing(string index) => new(AnnError.Unavailable, $"Index '{index}' is closing.");

    /// <summary>An input file cannot be used as it is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="place">Line, row or byte; empty when the whole file is meant.</param>
    /// <param name="what">What was expected and what was found.</param>
    /// <param name="inner">The cause, when another exception is one.</param>
    internal static AnnException BadInput(string path, string place, string what, Exception? inner = null) =>
        new(AnnError.InvalidArgument, place.Length == 0 ? $"{path}: {what}" : $"{path}: {place}: {what}", inner);

    /// <summary>A vector has another length than the index or encoder it is meant for.</summary>
    internal static AnnException DimensionMismatch(string field, string owner, int expected, int actual) =>
        Invalid(field, $"{owner} holds vectors of dimension {expected}; found {actual}.");

    /// <summary>The disk is full, or refuses what is written to it.</summary>
    internal static AnnException DiskRefused(IOException inner) =>
        new(AnnError.Overloaded, $"The disk is full, or refuses writes: {inner.Message}", inner) { Field = "disk" };

    /// <summary>No index has that name.</summary>
    /// <param name="name">What was asked for.</param>
    /// <param name="known">The names that there are. Some of them are told: errors travel in headers, which are small.</param>
    internal static AnnException NoSuchIndex(string name, IReadOnlyCollection<string> known)
    {
        const int Told = 10;
        string names = string.Join(", ", known.Take(Told)) + (known.Count > Told ? $" and {known.Count - Told} more" : "");
        string there = known.Count switch
        {
            0 => "there is none",
            1 => $"there is {names}",
            _ => $"there are {names}",
        };
        return new AnnException(AnnError.NotFound, $"No index is named '{name}'; {there}.") { Field = "index" };
    }

    /// <summary>A checksum or an invariant of a file failed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="section">The section of the file, or "header".</param>
    /// <param name="offset">Byte offset in the file where the fault was seen.</param>
    /// <param name="what">What was expected and what was found.</param>
    internal static AnnException Corrupt(string path, string section, long offset, string what) =>
        new(AnnError.Corrupt, $"{path}: section {section}, byte {offset}: {what}");
}

/// <summary>A condition that does not hold.</summary>
/// <param name="Subject">The field or option that asks for it, in the caller's own spelling, such as <c>min_recall</c>.</param>
/// <param name="Description">What was expected and what was found.</param>
public sealed record AnnViolation(string Subject, string Description);
