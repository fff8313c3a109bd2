namespace Ann.Core;

/// <summary>The words for the values of an enum, on command lines, in JSON and in reports.</summary>
/// <param name="nameOf">The word for a value.</param>
internal sealed class EnumNames<T>(Func<T, string> nameOf)
    where T : struct, Enum
{
    private readonly (T Value, string Name)[] _names = [.. Enum.GetValues<T>().Select(value => (value, nameOf(value)))];

    /// <summary>The words of an enum that is called the same everywhere: the names of its values, in small letters.</summary>
    public static EnumNames<T> Plain { get; } = new(static value => value.ToString().ToLowerInvariant());

    /// <summary>All words, in the order of the values.</summary>
    public string[] All => [.. _names.Select(static pair => pair.Name)];

    /// <summary>The word for a value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such value; names it.</exception>
    public string Of(T value)
    {
        int place = Array.FindIndex(_names, pair => pair.Value.Equals(value));
        return place >= 0 ? _names[place].Name : throw new ArgumentOutOfRangeException(nameof(value), value, $"no {typeof(T).Name}");
    }

    /// <summary>Reads a word.</summary>
    public bool TryParse(string? name, out T value)
    {
        int place = Array.FindIndex(_names, pair => pair.Name == name);
        value = place >= 0 ? _names[place].Value : default;
        return place >= 0;
    }

    /// <summary>Reads a word that was checked.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such word; names it.</exception>
    public T Parse(string? name) =>
        TryParse(name, out T value) ? value : throw new ArgumentOutOfRangeException(nameof(name), name, $"no {typeof(T).Name}");
}
