using System.ComponentModel.DataAnnotations;

namespace Ann.Server;

/// <content>Who may do what: encryption, credentials, the record. Without any of it a server of the loopback serves everybody.</content>
public sealed partial class ServerOptions
{
    private const string Access = "Access";

    /// <summary>
    /// Listen for other machines although encryption or authentication is missing, which otherwise ends the start: everybody who reaches
    /// the port may then read and change every index, or read what others send. Default: false.
    /// </summary>
    [Setting("--insecure-listen", "Listen for other machines without encryption or without authentication.", Group = Access)]
    public bool InsecureListen { get; set; }

    /// <summary>
    /// Certificate of the server, with its intermediate ones: a PEM file, or a PFX file with its key. It is read again when it changes.
    /// Empty for no TLS. Default: empty.
    /// </summary>
    [Setting("--tls-cert", "Certificate of the server: PEM with its chain, or PFX. Read again when it changes.", ValueName = "FILE",
        Group = Access)]
    public string TlsCertificateFile { get; set; } = "";

    /// <summary>The certificate's key, a PEM file. Empty where the certificate's file has it. Default: empty.</summary>
    [Setting("--tls-key", "The certificate's key, PEM; without it the certificate's file has it.", ValueName = "FILE", Group = Access)]
    public string TlsKeyFile { get; set; } = "";

    /// <summary>
    /// Password of the certificate's key, or <c>@FILE</c> for the first line of a file, which other users of the machine do not see in the
    /// list of processes. Default: empty.
    /// </summary>
    [Setting("--tls-password", "Password of the certificate's key; @FILE reads it from a file.", Secret = true, ValueName = "@FILE",
        Group = Access)]
    public string TlsPassword { get; set; } = "";

    /// <summary>
    /// Certificates of those who issue certificates to callers, PEM: a caller may then show one in the place of a key. Empty to ask for
    /// none. Default: empty.
    /// </summary>
    [Setting("--client-ca", "Who issues certificates to callers, PEM. A caller may then show one in place of a key.", ValueName = "FILE",
        Group = Access)]
    public string ClientCaFile { get; set; } = "";

    /// <summary>Refuse connections without a certificate that <see cref="ClientCaFile"/> issued. Default: false.</summary>
    [Setting("--require-client-cert", "Refuse connections without a certificate that --client-ca issued.", Group = Access)]
    public bool RequireClientCertificate { get; set; }

    /// <summary>API keys, as <c>ann keys</c> writes them. Empty for none. Default: empty.</summary>
    [Setting("--api-keys", "File of API keys, written by ann keys. Read again when it changes.", ValueName = "FILE", Group = Access)]
    public string ApiKeyFile { get; set; } = "";

    /// <summary>
    /// JSON file that gives roles to certificates by their subject, and to words of a token's role claim. Empty for none. Default: empty.
    /// </summary>
    [Setting("--grants", "JSON file that gives roles to certificates and to words of tokens. Read again when it changes.",
        ValueName = "FILE", Group = Access)]
    public string GrantsFile { get; set; } = "";

    /// <summary>Whose tokens (JWT) are taken: their claim <c>iss</c>. Empty to take none. Default: empty.</summary>
    [Setting("--jwt-issuer", "Whose tokens (JWT) are taken: their claim iss.", ValueName = "ISSUER", Group = Access)]
    public string JwtIssuer { get; set; } = "";

    /// <summary>Whom tokens must be for: their claim <c>aud</c>. Default: empty.</summary>
    [Setting("--jwt-audience", "Whom tokens must be for: their claim aud.", ValueName = "AUDIENCE", Group = Access)]
    public string JwtAudience { get; set; } = "";

    /// <summary>
    /// Public keys of the issuer: a JWKS file, its https address, or the https address of an OpenID configuration. Default: empty.
    /// </summary>
    [Setting("--jwt-keys", "The issuer's public keys: a JWKS file or https address, or that of an OpenID configuration.",
        ValueName = "FILE|URL", Group = Access)]
    public string JwtKeys { get; set; } = "";

    /// <summary>
    /// Claim of a token with what its bearer may do: texts such as <c>read:shop*</c>, or words that <see cref="GrantsFile"/> knows.
    /// Default: <c>ann_roles</c>.
    /// </summary>
    [Required]
    [Setting("--jwt-roles-claim", "Claim of a token with its roles, such as read:shop*, or words that --grants knows.", ValueName = "NAME",
        Group = Access)]
    public string JwtRolesClaim { get; set; } = "ann_roles";

    /// <summary>Who may ask for health, where callers are authenticated at all. Default: <see cref="AccessLevel.Anyone"/>.</summary>
    [EnumDataType(typeof(AccessLevel))]
    [Setting("--health-access", "Who may ask for health.", ValueName = "anyone|authenticated|admin", Group = Access)]
    public AccessLevel HealthAccess { get; set; } = AccessLevel.Anyone;

    /// <summary>Who may read metrics, where callers are authenticated at all. Default: <see cref="AccessLevel.Authenticated"/>.</summary>
    [EnumDataType(typeof(AccessLevel))]
    [Setting("--metrics-access", "Who may read metrics.", ValueName = "anyone|authenticated|admin", Group = Access)]
    public AccessLevel MetricsAccess { get; set; } = AccessLevel.Authenticated;

    /// <summary>
    /// Who may ask for the server's services by reflection, where callers are authenticated at all. Default:
    /// <see cref="AccessLevel.Authenticated"/>.
    /// </summary>
    [EnumDataType(typeof(AccessLevel))]
    [Setting("--reflection-access", "Who may list services by reflection.", ValueName = "anyone|authenticated|admin", Group = Access)]
    public AccessLevel ReflectionAccess { get; set; } = AccessLevel.Authenticated;

    /// <summary>
    /// Where administrative acts and refusals are recorded, a JSON document a line. Empty for nowhere. Default: empty.
    /// </summary>
    [Setting("--audit-log", "File that administrative acts and refusals are recorded in, a JSON document a line.", ValueName = "FILE",
        Group = Access)]
    public string AuditLogFile { get; set; } = "";

    /// <summary>Length at which the file of the record is renamed and another begun, bytes. Default: 64 MiB.</summary>
    [Range(1 << 16, 1L << 40)]
    [Setting("--audit-log-bytes", "Length at which the record's file is renamed and another begun.", Unit = SettingAttribute.Bytes,
        Group = Access)]
    public long AuditLogBytes { get; set; } = 64 << 20;

    /// <summary>Files of the record that are kept, the newest included. Default: 8.</summary>
    [Range(1, 1000)]
    [Setting("--audit-log-files", "Files of the record that are kept.", Unit = "files", Group = Access)]
    public int AuditLogFiles { get; set; } = 8;

    /// <summary>True where callers are authenticated.</summary>
    internal bool AuthenticatesCallers() => ApiKeyFile.Length > 0 || JwtIssuer.Length > 0 || ClientCaFile.Length > 0;
}
