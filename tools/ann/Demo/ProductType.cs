namespace Ann.Tool.Demo;

/// <summary>A kind of product and the words that tell one from another.</summary>
/// <param name="Noun">What it is.</param>
/// <param name="Kinds">Adjectives that exclude one another, of which one is used.</param>
/// <param name="Qualities">Adjectives that go with any of them, of which one or none is used.</param>
/// <param name="Details">Facts after the noun, of which one is used.</param>
/// <param name="Variants">Sizes or the like, of which one is used; empty when it comes in one size.</param>
/// <param name="LowestPrice">In whole currency units.</param>
/// <param name="HighestPrice">In whole currency units.</param>
internal sealed record ProductType(
    string Noun, string[] Kinds, string[] Qualities, string[] Details, string[] Variants, int LowestPrice, int HighestPrice);

/// <summary>A department of the shop: its brands sell its kinds of products in its colours.</summary>
/// <param name="Name">For people.</param>
/// <param name="Code">Start of the stock numbers.</param>
/// <param name="Brands">Invented names.</param>
/// <param name="Colours">Colours or finishes.</param>
/// <param name="Types">What it sells.</param>
internal sealed record Department(string Name, string Code, string[] Brands, string[] Colours, ProductType[] Types);
