using System.Text.Json;

namespace Ann.Encoding;

/// <summary>One row of an encoder whose inputs have names: values by the names of its fields. What is not set is missing.</summary>
public sealed class FeatureRow
{
    private readonly Dictionary<string, FeatureValue> _values = new(StringComparer.Ordinal);

    /// <summary>Sets a field to one or more numbers.</summary>
    public FeatureRow Set(string field, params ReadOnlySpan<float> numbers)
    {
        double[] values = new double[numbers.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = numbers[i];
        return Set(field, new FeatureValue { Numbers = values });
    }

    /// <summary>Sets a field to one or more ids.</summary>
    public FeatureRow Set(string field, params ReadOnlySpan<long> ids) => Set(field, new FeatureValue { Ids = ids.ToArray() });

    /// <summary>Sets a field to one or more texts.</summary>
    public FeatureRow Set(string field, params ReadOnlySpan<string> texts) => Set(field, new FeatureValue { Texts = texts.ToArray() });

    /// <summary>Takes some members of a JSON object. Those that are missing or null stay so.</summary>
    /// <param name="json">An object.</param>
    /// <param name="fields">The members that are taken; others are left alone.</param>
    internal static FeatureRow Of(JsonElement json, IEnumerable<string> fields)
    {
        FeatureRow row = new();
        foreach (string field in fields)
            if (json.TryGetProperty(field, out JsonElement value) && value.ValueKind != JsonValueKind.Null)
                row.Set(field, FeatureValue.Of(value));
        return row;
    }

    /// <summary>The value of a field; null where it is missing.</summary>
    internal FeatureValue? this[string field] => _values.GetValueOrDefault(field);

    private FeatureRow Set(string field, FeatureValue value)
    {
        _values[field] = value;
        return this;
    }
}

/// <summary>What a row holds for a field, in one of four forms.</summary>
internal sealed record FeatureValue
{
    private const int Shown = 60;

    /// <summary>Numbers of which one at least is not whole.</summary>
    public double[]? Numbers { get; init; }

    /// <summary>Whole numbers: ids, or numbers.</summary>
    public long[]? Ids { get; init; }

    /// <summary>Texts.</summary>
    public string[]? Texts { get; init; }

    /// <summary>What is none of them, as it was written.</summary>
    public string? Unreadable { get; init; }

    /// <summary>Values, which a list without any has too.</summary>
    public int Count => Numbers?.Length ?? Ids?.Length ?? Texts?.Length ?? 0;

    /// <summary>A number, a text, true (1), false (0), or a list of one kind of them.</summary>
    public static FeatureValue Of(JsonElement json)
    {
        JsonElement[] all = json.ValueKind == JsonValueKind.Array ? [.. json.EnumerateArray()] : [json];
        if (all.All(static one => one.ValueKind == JsonValueKind.String))
            return all.Length == 0
                ? new FeatureValue { Ids = [] }
                : new FeatureValue { Texts = [.. all.Select(static one => one.GetString()!)] };
        if (all.All(static one => Whole(one) is not null))
            return new FeatureValue { Ids = [.. all.Select(static one => Whole(one)!.Value)] };
        return all.All(static one => one.ValueKind == JsonValueKind.Number || Whole(one) is not null)
            ? new FeatureValue { Numbers = [.. all.Select(static one => Whole(one) ?? one.GetDouble())] }
            : new FeatureValue { Unreadable = json.GetRawText() };
    }

    /// <summary>For messages.</summary>
    public override string ToString()
    {
        string text = Unreadable ?? (Numbers is not null ? string.Join(", ", Numbers.Take(Shown)) : Ids is not null
            ? string.Join(", ", Ids.Take(Shown)) : string.Join(", ", Texts!.Take(Shown).Select(static one => $"\"{one}\"")));
        return text.Length > Shown ? text[..Shown] + "…" : text.Length == 0 ? "an empty list" : text;
    }

    private static long? Whole(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.Number when json.TryGetInt64(out long whole) => whole,
        _ => null,
    };
}
