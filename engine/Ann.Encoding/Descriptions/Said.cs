namespace Ann.Encoding.Descriptions;

/// <summary>What a file beside the model says, and where.</summary>
/// <param name="Value">What it says.</param>
/// <param name="Place">File and field, for messages.</param>
internal sealed record Said<T>(T Value, string Place);
