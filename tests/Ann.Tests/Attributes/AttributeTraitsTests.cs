using System.Runtime.CompilerServices;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Segments;

namespace Ann.Tests.Attributes;

/// <summary>Goal: types of attributes and kinds of codes are described as they are, and a number that is none is refused by name.</summary>
public sealed class AttributeTraitsTests
{
    private const AttributeType None = (AttributeType)7;

    [Fact]
    public void WordsAreThoseOfCommandLinesAndManifests()
    {
        Assert.Equal(["keyword", "keywords", "int64", "double", "bool", "timestamp"], AttributeTraits.Names.All);
        Assert.Equal(["keyword", "keyword_set", "int64", "double", "bool", "timestamp"], AttributeTraits.ManifestNames.All);
        foreach (AttributeType type in Enum.GetValues<AttributeType>())
        {
            AttributeTraits traits = AttributeTraits.Of(type);
            Assert.True(AttributeTraits.TryParse(traits.Name, out AttributeType named) && named == type);
            Assert.True(AttributeTraits.TryParse(traits.ManifestName, out AttributeType listed) && listed == type);
        }
        Assert.False(AttributeTraits.TryParse("colour", out _));
    }

    [Fact]
    public void EveryFormIsThatOfAType() => Assert.Equal(
        Enum.GetValues<AttributeForm>(),
        Enum.GetValues<AttributeType>().Select(static type => AttributeTraits.Of(type).Form).Distinct().Order());

    [Fact]
    public void WhatIsNoTypeIsRefusedByItsNumber()
    {
        Assert.Contains(" 7", Assert.Throws<SwitchExpressionException>(
            static () => AttributeTraits.Of(None)).Message, StringComparison.Ordinal);
        Assert.Contains("7", Assert.Throws<ArgumentOutOfRangeException>(
            static () => AttributeTraits.Names.Of(None)).Message, StringComparison.Ordinal);
        Assert.Throws<SwitchExpressionException>(static () => new AttributeColumn(new AttributeField("a", None)));
        Assert.Throws<AnnException>(static () => new AttributeSchema([new AttributeField("a", None)]));
    }

    [Fact]
    public void KindsOfCodesAreTold()
    {
        Assert.Equal(["f32", "int8", "int4"], EnumNames<CodesKind>.Plain.All);
        Assert.Equal([CodesTraits.None], Enum.GetValues<CodesKind>().Where(static kind => !kind.AreCodes()));
        Assert.Contains(" 4", Assert.Throws<SwitchExpressionException>(
            static () => ((CodesKind)4).AreCodes()).Message, StringComparison.Ordinal);
        Assert.Contains("4", Assert.Throws<ArgumentOutOfRangeException>(
            static () => EnumNames<CodesKind>.Plain.Of((CodesKind)4)).Message, StringComparison.Ordinal);
    }
}
