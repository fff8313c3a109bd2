using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Tests.Files.Formats;
using Ann.Tool.Bulk;
using Ann.Tool.Formats;
using Ann.Tool.Items;
using Parquet;
using Parquet.Schema;

namespace Ann.Tests.Tool.Items;

/// <summary>Goal: Parquet is read and written as other programs have it, and no file of it does worse than be refused.</summary>
public sealed class ParquetTests : IDisposable
{
    private static readonly AttributeSchema Schema = new(
    [
        new("brand", AttributeType.Keyword), new("tags", AttributeType.KeywordSet), new("stock", AttributeType.Int64),
        new("price", AttributeType.Double), new("sold", AttributeType.Bool), new("since", AttributeType.Timestamp),
    ]);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ColumnsOfManyTypesAreRead()
    {
        string path = await WriteTableAsync();
        ItemSource source = new()
        {
            Path = path,
            Format = ItemFormat.Parquet,
            Attributes = new AttributeSchema(
            [
                new("brand", AttributeType.Keyword), new("tags", AttributeType.KeywordSet), new("small", AttributeType.Int64),
                new("large", AttributeType.Int64), new("price", AttributeType.Double), new("sold", AttributeType.Bool),
                new("since", AttributeType.Timestamp),
            ]),
        };

        Assert.Equal(
            [
                "1 [one] acme,x+y,-7,9,1.5,1,1000000", "2 [] -,,-,-,-,-,-",
                "18446744073709551615 [three] ,-,0,0,-,0,0", "4 [four] b,q,1,1,2,1,2",
            ],
            ItemReaderTests.Describe(source, ItemReaderTests.World()).TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("local", AttributeType.Timestamp, "row 0: column 'local' must be times in UTC (isAdjustedToUTC); found DateTime.")]
    [InlineData("price", AttributeType.Int64, "row 0: column 'price' must be whole numbers of at most 64 bits; found Single.")]
    [InlineData("tags", AttributeType.Keyword, "'tags' must be plain values for an attribute of type keyword; found a list of String.")]
    [InlineData("brand", AttributeType.KeywordSet, "'brand' must be a list of texts for an attribute of type keywords; found String.")]
    [InlineData("nested", AttributeType.Keyword, "column 'nested': expected plain values or a list of them; found a nested Struct.")]
    [InlineData("gone", AttributeType.Keyword, "schema: expected a column 'gone'; found 'id', 'text', ")]
    public async Task ColumnsThatDoNotFitAreNamed(string column, AttributeType type, string message)
    {
        ItemSource source = new()
        {
            Path = await WriteTableAsync(),
            Format = ItemFormat.Parquet,
            Attributes = new AttributeSchema([new AttributeField(column, type)]),
        };
        Assert.Contains(message, Assert.Throws<AnnException>(() => ItemReaderTests.Items(source, ItemReaderTests.World())).Message);
    }

    [Theory]
    [InlineData(KeyKind.UInt64)]
    [InlineData(KeyKind.String)]
    public void WhatIsWrittenComesBack(KeyKind kind)
    {
        const int Rows = 7, Dimension = 3;
        float[] vectors = [.. Enumerable.Range(0, Rows * Dimension).Select(static i => i % 5 == 0 ? 0 : MathF.Sin(i))];
        AttributeBatch attributes = new(Schema);
        for (int row = 0; row < Rows; row++)
            AddAttributes(attributes, row);
        using (ParquetVectorWriter writer = new(PhysicalFileSystem.Instance, _folder["x.parquet"], Dimension, kind, Schema))
        {
            for (int first = 0; first < Rows; first += 4)
            {
                int count = Math.Min(4, Rows - first);
                AttributeBatch part = new(Schema);
                KeyColumn keys = new(kind);
                for (int row = first; row < first + count; row++)
                {
                    part.AddFrom(attributes, row);
                    if (kind == KeyKind.String)
                        keys.Add($"k{row}");
                    else
                        keys.Add(ulong.MaxValue - (ulong)row);
                }
                writer.Write(vectors.AsSpan(first * Dimension, count * Dimension), keys, part);
            }
            writer.End();
            writer.Commit();
        }

        using VectorReader reader = VectorInput.Open(PhysicalFileSystem.Instance, _folder["x.parquet"], Schema);
        float[] found = TemporaryFolder.ReadAll(reader, rowsAtOnce: 3);
        AttributeBatch foundAttributes = reader.TakeAttributes()!;

        Assert.Equal((Rows, Dimension), (reader.Count, reader.Dimension));
        Assert.Equal(vectors, found);
        Assert.Equal(
            Enumerable.Range(0, Rows).Select(row => kind == KeyKind.String ? $"k{row}" : $"{ulong.MaxValue - (ulong)row}"),
            Enumerable.Range(0, Rows).Select(reader.Keys!.Format));
        ItemHash before = new(), after = new();
        before.Add(attributes);
        after.Add(foundAttributes);
        Assert.Equal(before.Current, after.Current);
    }

    [Fact]
    public async Task DamagedFilesAreRefused()
    {
        byte[] whole = File.ReadAllBytes(await WriteTableAsync());
        int seed = Random.Shared.Next();
        Random random = new(seed);
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = [.. whole];
            for (int change = 0; change < 1 + i % 3; change++)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            if (i % 7 == 0)
                damaged = damaged[..random.Next(damaged.Length)];
            string path = _folder.Write("d.parquet", damaged);
            AttributeSchema tags = new([new("tags", AttributeType.KeywordSet)]);
            ItemSource source = new() { Path = path, Format = ItemFormat.Parquet, Attributes = tags };
            Exception? error = Record.Exception(() => ItemReaderTests.Items(source, ItemReaderTests.World()));
            Assert.True(error is null or AnnException, $"seed {seed}, file {i}: {error}");
            Assert.True(
                error is null || error.Message.StartsWith(path, StringComparison.Ordinal), $"seed {seed}, file {i}: {error?.Message}");
        }
    }

    [Fact]
    public async Task VectorsThatAreNoneAreNamed()
    {
        string path = await WriteTableAsync();
        Assert.Contains(
            "schema: expected a column 'vector'; found 'id', 'text'",
            Assert.Throws<AnnException>(() => VectorInput.Open(PhysicalFileSystem.Instance, path)).Message);
        Assert.Contains(
            "x.parquet: it cannot be read as Parquet",
            Assert.Throws<AnnException>(() => VectorInput.Open(
                PhysicalFileSystem.Instance, _folder.Write("x.parquet", "no Parquet"))).Message);
    }

    private static void AddAttributes(AttributeBatch to, int row)
    {
        if (row % 3 == 1)
        {
            foreach (AttributeColumn column in to.Columns)
                column.AddMissing();
            return;
        }
        to.Columns[0].Add(System.Text.Encoding.UTF8.GetBytes(row == 0 ? "" : $"é{row}"));
        to.Columns[1].AddSet(Enumerable.Range(0, row % 4).Select(static i => $"t{i}"));
        to.Columns[2].Add(row == 2 ? long.MinValue : row);
        to.Columns[3].Add(row == 2 ? double.NegativeInfinity : row / 3.0);
        to.Columns[4].Add(row % 2 == 0);
        to.Columns[5].Add(row == 2 ? -62_135_596_800_000_000 : row * 1_000_001L);
    }

    /// <summary>Four rows in two groups, with what other writers have: integers of all sizes, single floats, lists.</summary>
    private async Task<string> WriteTableAsync()
    {
        DateTimeDataField since = new("since", DateTimeFormat.Timestamp, isAdjustedToUTC: true, DateTimeTimeUnit.Micros, isNullable: true);
        DateTimeDataField local = new("local", DateTimeFormat.Timestamp, isAdjustedToUTC: false, DateTimeTimeUnit.Micros, isNullable: true);
        ParquetSchema schema = new(
            new DataField<ulong>("id"), new DataField<string>("text"), new DataField<string>("brand"),
            new ListField("tags", new DataField("element", typeof(string), true)), new DataField<short?>("small"),
            new DataField<uint?>("large"), new DataField<float?>("price"), new DataField<bool?>("sold"), since, local,
            new StructField("nested", new DataField<string>("inner")));
        DataField[] fields = schema.DataFields;
        string path = _folder["table.parquet"];
        await using FileStream stream = File.Create(path);
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(schema, stream);
        for (int part = 0; part < 2; part++)
        {
            int from = part * 3, rows = part == 0 ? 3 : 1;
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            await group.WriteAsync<ulong>(fields[0], Cut<ulong>(1, 2, ulong.MaxValue, 4));
            await group.WriteAsync(fields[1], Cut("one", "", "three", "four"));
            await group.WriteAsync(fields[2], Cut<string>("acme", null!, "", "b"));
            (string[] texts, int[] definitions, int[] repetitions) =
                part == 0 ? (["x", "y"], [3, 3, 1, 0], [0, 1, 0, 0]) : ((string[])["q"], (int[])[3], (int[])[0]);
            await group.WriteAllPartsAsync<ReadOnlyMemory<char>>(
                fields[3], texts.Select(static text => text.AsMemory()).ToArray(), definitions, repetitions, default);
            await group.WriteAsync<short>(fields[4], Cut<short?>(-7, null, 0, 1).AsMemory());
            await group.WriteAsync<uint>(fields[5], Cut<uint?>(9, null, 0, 1).AsMemory());
            await group.WriteAsync<float>(fields[6], Cut<float?>(1.5f, null, float.NaN, 2).AsMemory());
            await group.WriteAsync<bool>(fields[7], Cut<bool?>(true, null, false, true).AsMemory());
            DateTime?[] times =
                [DateTime.UnixEpoch.AddSeconds(1), null, DateTime.UnixEpoch, DateTime.UnixEpoch.AddMicroseconds(2)];
            await group.WriteAsync<DateTime>(fields[8], Cut(times).AsMemory());
            await group.WriteAsync<DateTime>(fields[9], Cut(times).AsMemory());
            await group.WriteAsync(fields[10], Cut("a", "b", "c", "d"));

            T[] Cut<T>(params T[] all) => all[from..(from + rows)];
        }
        return path;
    }
}
