using Ann.Core;
using Ann.Core.Attributes;
using Ann.Protocol.V1;
using Google.Protobuf;
using Filter = Ann.Protocol.V1.Filter;

namespace Ann.Server.Filters;

/// <summary>
/// Filters as people write them:
/// <code>
/// any     := all { "or" all }
/// all     := clause { "and" clause }
/// clause  := "not" clause | "(" any ")" | "exists" "(" NAME ")" | "key" ( EQUAL KEY | "in" "(" KEY { "," KEY } ")" )
///          | NAME ( EQUAL VALUE | "in" "(" VALUE { "," VALUE } ")" | ORDER BOUND | "between" BOUND "and" BOUND )
///          | BOUND ( "&lt;" | "&lt;=" ) NAME [ ( "&lt;" | "&lt;=" ) BOUND ]
/// EQUAL   := "=" | "==" | "!="
/// ORDER   := "&lt;" | "&lt;=" | "&gt;" | "&gt;="
/// </code>
/// <c>a != b</c> is <c>not (a = b)</c>, and takes items without a value of a, too. Values that hold blanks or signs, or keywords that look
/// like numbers, times or bools, stand in quotes; names that are words of the grammar, too. What starts with a brace is the JSON of
/// <c>ann.v1.Filter</c>.
/// </summary>
internal sealed class FilterParser
{
    private const int MaxNesting = 128; // Far above what a server takes; it keeps the stack whole.

    private readonly List<FilterToken> _tokens;
    private readonly FilterValues _values;
    private int _at;
    private int _nesting;

    private FilterParser(string text, FilterValues values)
    {
        _tokens = FilterLexer.Read(text);
        _values = values;
    }

    private FilterToken Next => _tokens[_at];

    /// <summary>Reads a filter.</summary>
    /// <param name="option">Where it was given, for messages.</param>
    /// <param name="text">The filter, or its JSON.</param>
    /// <param name="schema">
    /// The index's attributes, which tell what a word is; null reads it as what it looks like. Names that it lacks are left to the server.
    /// </param>
    /// <param name="keys">What the index's keys are; null reads them as what they look like.</param>
    /// <exception cref="AnnException">InvalidArgument: names the option, the character, what was expected and what was found.</exception>
    public static Filter Parse(string option, string text, AttributeSchema? schema = null, Core.Keys.KeyKind? keys = null)
    {
        try
        {
            if (text.TrimStart().StartsWith('{'))
                return JsonParser.Default.Parse<Filter>(text);
            FilterParser parser = new(text, new FilterValues(schema, keys));
            Filter filter = parser.ReadAny();
            parser.Require(parser.Next.Kind == FilterTokenKind.End, "'and', 'or' or the end");
            return filter;
        }
        catch (FilterSyntaxException e)
        {
            throw AnnException.Invalid(option, $"{option}: {e.Message}");
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException)
        {
            throw AnnException.Invalid(option, $"{option} is no JSON of ann.v1.Filter: {e.Message}");
        }
    }

    private Filter ReadAny()
    {
        if (++_nesting > MaxNesting)
            throw new FilterSyntaxException(Next.Position, $"at most {MaxNesting} levels", "more");
        Filter any = ReadList("or", ReadAll, static clauses => new Filter { AnyOf = clauses });
        _nesting--;
        return any;
    }

    private Filter ReadAll() => ReadList("and", ReadClause, static clauses => new Filter { AllOf = clauses });

    private Filter ReadList(string word, Func<Filter> read, Func<FilterList, Filter> join)
    {
        Filter first = read();
        if (!Next.IsWord(word))
            return first;
        FilterList clauses = new() { Clauses = { first } };
        while (TryTake(word))
            clauses.Clauses.Add(read());
        return join(clauses);
    }

    private Filter ReadClause()
    {
        if (TryTake("not"))
        {
            if (++_nesting > MaxNesting)
                throw new FilterSyntaxException(Next.Position, $"at most {MaxNesting} levels", "more");
            Filter refused = new() { NoneOf = ReadClause() };
            _nesting--;
            return refused;
        }
        if (Next.IsSign("("))
        {
            _at++;
            Filter inner = ReadAny();
            TakeSign(")");
            return inner;
        }
        if (Next.IsWord("exists"))
        {
            _at++;
            TakeSign("(");
            string attribute = ReadName();
            TakeSign(")");
            return new Filter { Exists = attribute };
        }
        if (Next.IsWord("key"))
            return ReadKeys();
        return FilterValues.IsBound(Next) && _tokens[_at + 1].Kind == FilterTokenKind.Sign && _tokens[_at + 1].Text[0] is '<'
            ? ReadChain()
            : ReadComparison();
    }

    private Filter ReadKeys()
    {
        _at++;
        bool isUnequal = Next.IsSign("!=");
        Require(isUnequal || Next.IsSign("=") || Next.IsWord("in"), "'=', '!=' or 'in' behind key");
        KeyColumn keys = new();
        foreach (FilterToken value in ReadValues())
            _values.AddKey(keys, value);
        Filter some = new() { Keys = keys };
        return isUnequal ? new Filter { NoneOf = some } : some;
    }

    private Filter ReadComparison()
    {
        string attribute = ReadName();
        FilterToken sign = Next;
        if (sign.IsSign("=") || sign.IsSign("!=") || sign.IsWord("in"))
        {
            InClause clause = new() { Attribute = attribute };
            foreach (FilterToken value in ReadValues())
                _values.Add(clause, value);
            Filter some = new() { In = clause };
            return sign.IsSign("!=") ? new Filter { NoneOf = some } : some;
        }
        if (TryTake("between"))
        {
            RangeClause range = new() { Attribute = attribute, From = ReadBound(attribute, exclusive: false) };
            Require(TryTake("and"), "'and' between the two ends");
            range.To = ReadBound(attribute, exclusive: false);
            return new Filter { Range = range };
        }
        Require(
            sign.Kind == FilterTokenKind.Sign && sign.Text[0] is '<' or '>',
            "'=', '!=', 'in', '<', '<=', '>', '>=' or 'between'");
        _at++;
        RangeBound bound = ReadBound(attribute, exclusive: sign.Text.Length == 1);
        return new Filter
        {
            Range = sign.Text[0] == '<'
                ? new RangeClause { Attribute = attribute, To = bound }
                : new RangeClause { Attribute = attribute, From = bound },
        };
    }

    /// <summary><c>5 &lt; price &lt;= 10</c>: the lower end comes before the attribute is known.</summary>
    private Filter ReadChain()
    {
        FilterToken lower = Next;
        FilterToken sign = _tokens[_at + 1];
        _at += 2;
        string attribute = ReadName();
        RangeClause range = new()
        {
            Attribute = attribute,
            From = _values.Bound(attribute, lower, exclusive: sign.Text.Length == 1),
        };
        if (Next.Kind == FilterTokenKind.Sign && Next.Text[0] == '<')
        {
            bool exclusive = Next.Text.Length == 1;
            _at++;
            range.To = ReadBound(attribute, exclusive);
        }
        return new Filter { Range = range };
    }

    /// <summary>The values behind <c>=</c>, <c>!=</c> or <c>in</c>.</summary>
    private List<FilterToken> ReadValues()
    {
        bool isList = Next.IsWord("in");
        _at++;
        List<FilterToken> values = [];
        if (isList)
            TakeSign("(");
        do
        {
            Require(Next.Kind is FilterTokenKind.Word or FilterTokenKind.Quoted, "a value");
            values.Add(Next);
            _at++;
        }
        while (isList && TryTakeComma());
        if (isList)
            TakeSign(")", "',' or ')'");
        return values;
    }

    private RangeBound ReadBound(string attribute, bool exclusive)
    {
        RangeBound bound = _values.Bound(attribute, Next, exclusive);
        _at++;
        return bound;
    }

    private string ReadName()
    {
        FilterToken token = Next;
        Require(
            token.Kind == FilterTokenKind.Quoted || token.Kind == FilterTokenKind.Word && !FilterText.IsReserved(token.Text),
            "the name of an attribute");
        _at++;
        return token.Text;
    }

    private bool TryTake(string word)
    {
        bool taken = Next.IsWord(word);
        _at += taken ? 1 : 0;
        return taken;
    }

    private bool TryTakeComma()
    {
        bool taken = Next.IsSign(",");
        _at += taken ? 1 : 0;
        return taken;
    }

    private void TakeSign(string sign, string? expected = null)
    {
        Require(Next.IsSign(sign), expected ?? $"'{sign}'");
        _at++;
    }

    private void Require(bool holds, string expected)
    {
        if (!holds)
            throw new FilterSyntaxException(Next.Position, expected, Next.Found);
    }
}
