using System.ComponentModel.DataAnnotations;

namespace Ann.Server;

/// <content>What one caller may take beside others, and what a connection may.</content>
public sealed partial class ServerOptions
{
    private const string Limits = "Limits";

    /// <summary>
    /// JSON file of limits by caller and by index: requests a second, searches at once, rows, k, ef, bytes, rows written. It is read again
    /// when it changes. Empty for none. Default: empty.
    /// </summary>
    [Setting("--limits", "JSON file of limits by caller and by index. Read again when it changes.",
        ValueName = "FILE", Group = Limits)]
    public string LimitsFile { get; set; } = "";

    /// <summary>Calls under way on one connection; the client holds back others. 0 takes what fills every queue. Default: 0.</summary>
    [Range(0, 1_000_000)]
    [Setting("--max-streams", "Calls under way on one connection; 0 takes what fills every queue.", Unit = "calls", Group = Limits)]
    public int MaxStreamsPerConnection { get; set; }

    /// <summary>How long the headers of a call may take to come, seconds; the connection is then closed. Default: 10.</summary>
    [Range(1, 3600)]
    [Setting("--header-seconds", "How long the headers of a call may take to come.", Unit = SettingAttribute.Seconds, Group = Limits)]
    public int HeaderSeconds { get; set; } = 10;

    /// <summary>How long a connection without a call may stay open, seconds, whatever signs of life it gives. Default: 300.</summary>
    [Range(1, 86_400)]
    [Setting("--idle-connection-seconds", "How long a connection without a call stays open.",
        Unit = SettingAttribute.Seconds, Group = Limits)]
    public int IdleConnectionSeconds { get; set; } = 300;
}
