using System.Globalization;

namespace Ann.Core.Files.Formats;

/// <summary>
/// The dictionary literal of an <c>.npy</c> header. Only what NumPy writes is understood: three keys in any order, with a string, a
/// boolean and a tuple of whole numbers as values.
/// </summary>
/// <param name="Descr">The type of an element, such as <c>&lt;f4</c>.</param>
/// <param name="FortranOrder">True when columns are stored one after another.</param>
/// <param name="Shape">Length of each dimension.</param>
internal sealed record NpyDictionary(string Descr, bool FortranOrder, long[] Shape)
{
    private const int MaxDimensions = 32; // NumPy's own limit.

    /// <summary>Reads the literal.</summary>
    /// <exception cref="AnnException">InvalidArgument: not such a dictionary; says what was found where.</exception>
    public static NpyDictionary Parse(string path, string text)
    {
        Cursor cursor = new(path, text);
        string? descr = null;
        bool? fortranOrder = null;
        long[]? shape = null;

        cursor.Expect('{');
        while (!cursor.TryTake('}'))
        {
            string key = cursor.TakeString();
            cursor.Expect(':');
            switch (key)
            {
                case "descr":
                    descr = cursor.TakeString();
                    break;
                case "fortran_order":
                    fortranOrder = cursor.TakeBoolean();
                    break;
                case "shape":
                    shape = cursor.TakeTuple();
                    break;
                default:
                    throw cursor.Bad($"the unknown key '{key}'");
            }
            if (!cursor.TryTake(','))
            {
                cursor.Expect('}');
                break;
            }
        }
        cursor.ExpectEnd();

        if (descr is null || fortranOrder is null || shape is null)
            throw AnnException.BadInput(path, "header", "expected the keys descr, fortran_order and shape; found fewer.");
        return new NpyDictionary(descr, fortranOrder.Value, shape);
    }

    /// <summary>A place in the text. Each step skips the blanks before it.</summary>
    private ref struct Cursor(string path, string text)
    {
        private ReadOnlySpan<char> _rest = text;

        public void Expect(char expected)
        {
            if (!TryTake(expected))
                throw Bad($"no '{expected}'");
        }

        public void ExpectEnd()
        {
            SkipBlanks();
            if (!_rest.IsEmpty)
                throw Bad("text after the dictionary");
        }

        public bool TryTake(char expected)
        {
            SkipBlanks();
            if (_rest.IsEmpty || _rest[0] != expected)
                return false;
            _rest = _rest[1..];
            return true;
        }

        public string TakeString()
        {
            SkipBlanks();
            char quote = _rest.IsEmpty ? '\0' : _rest[0];
            if (quote == '[')
                throw Bad("a structured type: fields of several types. Save one field as a plain array");
            int length = quote is '\'' or '"' ? _rest[1..].IndexOf(quote) : -1;
            if (length < 0)
                throw Bad("no string");
            string value = _rest.Slice(1, length).ToString();
            _rest = _rest[(length + 2)..];
            return value;
        }

        public bool TakeBoolean()
        {
            SkipBlanks();
            bool value = _rest.StartsWith("True");
            if (!value && !_rest.StartsWith("False"))
                throw Bad("neither True nor False");
            _rest = _rest[(value ? 4 : 5)..];
            return value;
        }

        public long[] TakeTuple()
        {
            List<long> lengths = [];
            Expect('(');
            while (!TryTake(')'))
            {
                lengths.Add(TakeLength());
                if (lengths.Count > MaxDimensions)
                    throw Bad($"more than {MaxDimensions} dimensions");
                if (!TryTake(','))
                {
                    Expect(')');
                    break;
                }
            }
            return [.. lengths];
        }

        public readonly AnnException Bad(string found) => AnnException.BadInput(
            path, "header", $"expected a dictionary as NumPy writes it; found {found} at character {text.Length - _rest.Length}.");

        private long TakeLength()
        {
            SkipBlanks();
            int digits = _rest.IndexOfAnyExceptInRange('0', '9');
            if (digits < 0)
                digits = _rest.Length;
            if (!long.TryParse(_rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out long value))
                throw Bad("no length");
            _rest = _rest[digits..];
            return value;
        }

        private void SkipBlanks() => _rest = _rest.TrimStart();
    }
}
