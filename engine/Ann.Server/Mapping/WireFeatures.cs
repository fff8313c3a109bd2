using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Encoding;
using Ann.Encoding.Batching;
using Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>Rows of features of a request, as their encoder reads them.</summary>
internal static class WireFeatures
{
    /// <summary>Reads and copies them.</summary>
    /// <param name="batch">Of the request.</param>
    /// <param name="input">What the encoder reads.</param>
    /// <param name="encoder">Its name, for errors.</param>
    /// <param name="field">Of the request.</param>
    /// <param name="most">Rows allowed.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/> with the field.</exception>
    public static FeatureBytes[] Read(FeatureBatch batch, FeatureInput input, string encoder, string field, int most)
    {
        bool readsIds = input.Type == FeatureType.Int64;
        (int count, int others) = readsIds ? (batch.Ids.Count, batch.Numbers.Count) : (batch.Numbers.Count, batch.Ids.Count);
        if (count == 0 || others > 0)
        {
            throw AnnException.Invalid(
                field, $"{field} hold {batch.Numbers.Count} numbers and {batch.Ids.Count} ids; encoder '{encoder}' reads "
                + $"{(readsIds ? "ids" : "numbers")}, so fill {(readsIds ? "ids" : "numbers")} alone.");
        }
        int columns = batch.Columns > 0 ? (int)Math.Min(batch.Columns, int.MaxValue) : input.Columns > 0 ? input.Columns : count;
        if (input.Columns > 0 && columns != input.Columns)
            throw AnnException.Invalid(field, $"{field} have {columns} columns; encoder '{encoder}' reads {input.Columns} features a row.");
        if (count % columns != 0)
            throw AnnException.Invalid(field, $"{field} hold {count} features; expected a multiple of {columns}, the features of one row.");
        if (count / columns > most)
            throw AnnException.Invalid(field, $"{field} hold {count / columns} rows; a request takes at most {most}.");

        byte[] bytes = readsIds ? BytesOf<long>([.. batch.Ids]) : BytesOf<float>([.. batch.Numbers]);
        if (!readsIds)
            RequireFinite(MemoryMarshal.Cast<byte, float>(bytes), columns, field);
        int width = bytes.Length / count * columns;
        return [.. Enumerable.Range(0, count / columns).Select(row => new FeatureBytes(bytes.AsMemory(row * width, width)))];
    }

    private static byte[] BytesOf<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static void RequireFinite(ReadOnlySpan<float> numbers, int columns, string field)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!float.IsFinite(numbers[i]))
            {
                throw AnnException.Invalid(
                    $"{field}[{i / columns}]", $"{field}[{i / columns}] has {numbers[i]} as feature {i % columns}; it must be finite.");
            }
        }
    }
}
