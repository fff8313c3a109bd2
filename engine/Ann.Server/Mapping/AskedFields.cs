using Ann.Core;
using Ann.Core.Indexes;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>What a request wants back of its results, beside keys and scores.</summary>
/// <param name="Attributes">Columns of the attributes, by their position in the schema.</param>
/// <param name="Payloads">Whether their payloads too.</param>
internal readonly record struct AskedFields(int[] Attributes, bool Payloads)
{
    /// <summary>What a search wants back.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: as <see cref="WireAttributes.ReadAsked"/>.</exception>
    public static AskedFields Of(Wire.SearchRequest request, IndexSnapshot index) => new(
        request.Attributes.Count == 0 ? [] : WireAttributes.ReadAsked(request.Attributes, index.Attributes), request.WithPayloads);
}
