namespace Ann.Tool.Demo;

/// <summary>One item of the demonstration catalogue.</summary>
/// <param name="Key">Stock number, such as <c>AUD-004217</c>.</param>
/// <param name="Title">What a shop would print: brand, kind, qualities.</param>
/// <param name="Brand">Invented.</param>
/// <param name="Category">Department, such as <c>Audio</c>.</param>
/// <param name="PriceInCents">What it costs.</param>
internal sealed record Product(string Key, string Title, string Brand, string Category, int PriceInCents)
{
    /// <summary>The price as it is printed.</summary>
    public string Price => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{PriceInCents / 100.0:F2}");
}
