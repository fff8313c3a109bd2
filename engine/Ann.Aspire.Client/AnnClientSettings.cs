using System.Data.Common;
using Ann.Client;

namespace Ann.Aspire.Client;

/// <summary>
/// Settings of one client of an Aspire application. They are read from the section <c>Aspire:Ann:Client</c>, then from
/// <c>Aspire:Ann:Client:NAME</c>, then <see cref="Endpoint"/> and <see cref="Key"/> from <c>ConnectionStrings:NAME</c>; the code has the
/// last word. What else <see cref="AnnClientOptions"/> has is read from <c>Options</c> of the two sections.
/// </summary>
public sealed class AnnClientSettings
{
    /// <summary>Where the servers are, as <see cref="AnnClientOptions.Address"/>. Required, here or in the connection string.</summary>
    public string? Endpoint { get; set; }

    /// <summary>API key or token, as <see cref="AnnClientOptions.ApiKey"/>; null for none.</summary>
    public string? Key { get; set; }

    /// <summary>No health check of the server among those of the application. Default: false.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Time that the health check waits for the server; longer is unhealthy. Default: 2 s.</summary>
    public TimeSpan HealthCheckTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The client's spans are not among the traces of the application. Default: false.</summary>
    public bool DisableTracing { get; set; }

    /// <summary>The client's metrics are not among those of the application. Default: false.</summary>
    public bool DisableMetrics { get; set; }

    /// <summary>
    /// Takes <c>Endpoint=ADDRESS;Key=KEY</c>, where <c>Key</c> may be left out, or an address alone.
    /// </summary>
    /// <param name="name">Name of the connection, for the message.</param>
    /// <param name="text">The connection string.</param>
    /// <exception cref="FormatException">It is neither, or has another word; the message does not repeat what may be a key.</exception>
    internal void Read(string name, string text)
    {
        if (!text.Contains('=', StringComparison.Ordinal))
        {
            Endpoint = text.Trim();
            return;
        }
        DbConnectionStringBuilder parts = [];
        try
        {
            parts.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            throw Unreadable("words that are no NAME=VALUE");
        }
        foreach (string word in parts.Keys)
        {
            string value = (string)parts[word];
            if (word.Equals(nameof(Endpoint), StringComparison.OrdinalIgnoreCase))
                Endpoint = value;
            else if (word.Equals(nameof(Key), StringComparison.OrdinalIgnoreCase))
                Key = value;
            else
                throw Unreadable($"the word '{word}'");
        }

        FormatException Unreadable(string found) =>
            new($"ConnectionStrings:{name} has {found}; 'Endpoint=ADDRESS' was expected, and ';Key=KEY' where the server asks for one.");
    }
}
