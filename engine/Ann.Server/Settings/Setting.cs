using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Ann.Server.Settings;

/// <summary>A property of <see cref="ServerOptions"/> as an operator sees it: its names, its range, how its text is read.</summary>
internal sealed class Setting
{
    /// <summary>The section of every setting.</summary>
    public const string Section = "Ann";

    private static readonly ServerOptions Defaults = new();

    private readonly PropertyInfo _property;
    private readonly SettingAttribute _told;
    private readonly RangeAttribute? _range;

    private Setting(PropertyInfo property)
    {
        _property = property;
        _told = property.GetCustomAttribute<SettingAttribute>()
            ?? throw new InvalidOperationException($"{property.Name} of {nameof(ServerOptions)} has no {nameof(SettingAttribute)}.");
        _range = property.GetCustomAttribute<RangeAttribute>();
    }

    /// <summary>What is shown in the place of a secret.</summary>
    public const string Masked = "***";

    /// <summary>All of them, group by group, in the order of the class.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        .. typeof(ServerOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(static one => new Setting(one))
            .OrderBy(static one => one._told.Group, StringComparer.Ordinal),
    ];

    /// <summary>Name of the property, and in a settings file.</summary>
    public string Name => _property.Name;

    /// <summary>Its key in a configuration.</summary>
    public string Key => $"{Section}:{Name}";

    /// <summary>Its environment variable; of a list the variable of its first entry.</summary>
    public string EnvironmentName => IsList ? $"{Section}__{Name}__0" : $"{Section}__{Name}";

    /// <summary>Its option of <c>ann serve</c>, or <c>files</c>, the argument.</summary>
    public string Option => _told.Option;

    /// <summary>A sentence or two for the help.</summary>
    public string Meaning => _told.Meaning;

    /// <summary>What a plain number counts; empty where it is none.</summary>
    public string Unit => _told.Unit;

    /// <summary>True for several values.</summary>
    public bool IsList => typeof(IList).IsAssignableFrom(_property.PropertyType) || _property.PropertyType == typeof(IList<string>);

    /// <summary>True for yes and no.</summary>
    public bool IsSwitch => _property.PropertyType == typeof(bool);

    /// <summary>True where the value is shown to nobody.</summary>
    public bool IsSecret => _told.Secret;

    /// <summary>True where an empty text is refused.</summary>
    public bool IsRequired => _property.GetCustomAttribute<RequiredAttribute>() is not null;

    /// <summary>What the help shows in place of a value.</summary>
    public string ValueName => _told.ValueName ?? (Unit, IsSwitch) switch
    {
        (SettingAttribute.Bytes, _) => "SIZE",
        (SettingAttribute.Milliseconds or SettingAttribute.Seconds, _) => "TIME",
        (_, true) => "true|false",
        ("", _) => "DIR",
        _ => "N",
    };

    /// <summary>What its values may be, for documents and help; empty where any text will do.</summary>
    public string Range
    {
        get
        {
            if (_told.Form is string form)
                return form;
            if (IsSwitch)
                return "true, false";
            if (_property.PropertyType.IsEnum)
                return string.Join(", ", Enum.GetNames(_property.PropertyType));
            return _range is null
                ? ""
                : $"{Quantity.ToText(Number(_range.Minimum), Unit)} to {Quantity.ToText(Number(_range.Maximum), Unit)}";
        }
    }

    /// <summary>The default as people read it.</summary>
    public string Default => _told.Default ?? _property.GetValue(Defaults) switch
    {
        "" or IList<string> => "none",
        bool value => value ? "true" : "false",
        string or Enum => $"{_property.GetValue(Defaults)}",
        object value => Quantity.ToText(Number(value), Unit),
        null => "none",
    };

    /// <summary>Its value of some options, as a text that it would be read from; a secret is masked.</summary>
    public IReadOnlyList<string> Shown(ServerOptions options)
    {
        IReadOnlyList<string> texts = _property.GetValue(options) switch
        {
            IList<string> list => [.. list],
            bool value => [value ? "true" : "false"],
            object value => [System.Convert.ToString(value, CultureInfo.InvariantCulture)!],
            null => [],
        };
        return IsSecret ? [.. texts.Select(static text => text.Length == 0 ? "" : Masked)] : texts;
    }

    /// <summary>Sets it; of a list replaces what it holds.</summary>
    /// <param name="options">What is set.</param>
    /// <param name="value">Of the property's type; of a list the texts.</param>
    public void Set(ServerOptions options, object value)
    {
        if (!IsList)
        {
            _property.SetValue(options, value);
            return;
        }
        IList<string> list = (IList<string>)_property.GetValue(options)!;
        list.Clear();
        foreach (string entry in (IReadOnlyList<string>)value)
            list.Add(entry);
    }

    /// <summary>Reads one text.</summary>
    /// <param name="text">What was written; null for none.</param>
    /// <param name="value">Of the property's type, within its range; of a list the entry.</param>
    /// <param name="fault">What is wrong and what was expected, as the end of a sentence that begins with the name.</param>
    public bool TryRead(string? text, out object value, out string fault)
    {
        value = "";
        fault = "";
        if (string.IsNullOrWhiteSpace(text) && (IsList || IsRequired || _property.PropertyType != typeof(string)))
            fault = $"is empty; it must be {Expected()}.";
        else if (_property.PropertyType == typeof(string) || IsList)
            value = text ?? "";
        else if (Convert(text!) is not { } read || (_range is not null && !_range.IsValid(read)))
            fault = $"is '{(IsSecret ? Masked : text)}'; it must be {Expected()}.";
        else
            value = read;
        return fault.Length == 0;
    }

    private static double Number(object value) => System.Convert.ToDouble(value, CultureInfo.InvariantCulture);

    /// <summary>A value of the property's type; null when the text is none.</summary>
    private object? Convert(string text)
    {
        Type type = _property.PropertyType;
        if (type.IsEnum)
        {
            string? name = Enum.GetNames(type).FirstOrDefault(one => one.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase));
            return name is null ? null : Enum.Parse(type, name);
        }
        try
        {
            return Quantity.Has(Unit) && Quantity.TryRead(text, Unit, out decimal quantity)
                ? Whole(quantity, type)
                : TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text.Trim());
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            return null; // What converters of the platform throw for a text that is no value of theirs.
        }
    }

    /// <summary>A number of the type; null where that would round it.</summary>
    private static object? Whole(decimal quantity, Type type) => type == typeof(double) || decimal.Truncate(quantity) == quantity
        ? System.Convert.ChangeType(quantity, type, CultureInfo.InvariantCulture)
        : null;

    private string Expected()
    {
        if (IsList || _property.PropertyType == typeof(string))
            return _told.Form is null ? "a text" : $"{_told.Form}";
        string number = _property.PropertyType == typeof(double) ? "a number" : "a whole number";
        string kind = Unit switch
        {
            _ when IsSwitch || _property.PropertyType.IsEnum => "one of",
            SettingAttribute.Bytes => "a size, in bytes or with a unit such as MiB or GiB,",
            SettingAttribute.Milliseconds => $"a time, {number} of milliseconds or with a unit such as ms or s,",
            SettingAttribute.Seconds => $"a time, {number} of seconds or with a unit such as s or min,",
            _ => number + ",",
        };
        return $"{kind} {Range}";
    }
}
