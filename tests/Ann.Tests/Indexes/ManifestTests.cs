using System.Globalization;
using System.IO.Hashing;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

public sealed class ManifestTests
{
    private const string Path = "/d/MANIFEST";
    private const int Seed = 20261124;
    private readonly SimulatedFileSystem _files = NewFiles();

    [Fact]
    public void WhatWasWrittenIsRead()
    {
        Assert.False(ManifestFile.Exists(_files, "/d"));
        foreach (Manifest manifest in new[] { Small(), Large() })
        {
            ManifestFile.Write(_files, "/d", manifest);
            Assert.True(ManifestFile.Exists(_files, "/d"));
            Manifest read = ManifestFile.Read(_files, "/d");
            Assert.Equivalent(manifest, read, strict: true);
        }
    }

    [Fact]
    public void TheFileOfVersionOneStaysReadable()
    {
        ManifestFile.Write(_files, "/d", Large());

        _files.Put(Path, GoldenFile.Check("Indexes/golden-v1.manifest", _files.ReadAllBytes(Path)));

        Assert.Equivalent(Large(), ManifestFile.Read(_files, "/d"), strict: true);
    }

    [Fact]
    public void AnEncoderOfQueriesIsRead()
    {
        Manifest manifest = Large();
        ManifestQueryEncoder users = new() { Fingerprint = 0xFEDCBA9876543210, Name = "users" };
        manifest = manifest with { Generations = [manifest.Generations[0] with { QueryEncoder = users }, manifest.Generations[1]] };
        ManifestFile.Write(_files, "/d", manifest);

        Manifest read = ManifestFile.Read(_files, "/d");

        Assert.Equivalent(manifest, read, strict: true);
        Assert.Equal(new SnapshotEncoder(0xFEDCBA9876543210, "users"), read.Generations[0].Encoders.Queries);
        Assert.Equal(read.Generations[1].Encoders.Items, read.Generations[1].Encoders.Queries);
    }

    [Fact]
    public void AttributesOfVersionOneStayReadable()
    {
        Manifest manifest = Large() with { Schema = Large().Schema with { Attributes = AttributeFixture.Schema } };
        ManifestFile.Write(_files, "/d", manifest);

        _files.Put(Path, GoldenFile.Check("Indexes/golden-v1-attributes.manifest", _files.ReadAllBytes(Path)));

        Assert.Equal(manifest.Schema, ManifestFile.Read(_files, "/d").Schema);
        Assert.Equal(AttributeFixture.Schema, ManifestFile.Read(_files, "/d").Schema.Attributes);
    }

    [Fact]
    public void ACutAtAnyOperationLeavesTheOldOneOrTheNewOne()
    {
        ManifestFile.Write(_files, "/d", Small());
        for (long cut = 1; ; cut++)
        {
            SimulatedFileSystem files = _files.Recover(0);
            files.CrashAt(cut);
            bool written = true;
            try
            {
                ManifestFile.Write(files, "/d", Large());
            }
            catch (SimulatedCrashException)
            {
                written = false;
            }
            for (int seed = 0; seed < 20; seed++)
            {
                long revision = ManifestFile.Read(files.Recover(seed), "/d").Revision;
                Assert.True(revision == Large().Revision || (!written && revision == Small().Revision),
                    $"cut {cut}, seed {seed}: {revision}");
            }
            if (written)
                return;
        }
    }

    [Fact]
    public void OnAFullDiskTheOldOneStays()
    {
        ManifestFile.Write(_files, "/d", Small());
        for (int room = 0; room < 200; room += 7)
        {
            _files.FreeBytes = room;
            Assert.Throws<IOException>(() => ManifestFile.Write(_files, "/d", Large()));
            Assert.Equal(Small().Revision, ManifestFile.Read(_files, "/d").Revision);
            Assert.Equal([Path], _files.AllFiles);
        }
    }

    [Fact]
    public void EveryByteDamagedAndEveryLengthIsRefused()
    {
        ManifestFile.Write(_files, "/d", Large());
        byte[] sound = _files.ReadAllBytes(Path);
        Random random = new(Seed);
        for (int i = 0; i < sound.Length; i++)
        {
            byte[] bytes = [.. sound];
            bytes[i] ^= (byte)(1 << random.Next(8));
            // The version is the one thing that a hash cannot cover: a later one may have another hash.
            AssertRefused(bytes, $"byte {i}, seed {Seed}", i is 12 or 13 ? AnnError.InvalidArgument : AnnError.Corrupt);
            AssertRefused(sound[..i], $"length {i}", AnnError.Corrupt);
        }
        AssertRefused([.. sound, (byte)' '], "a byte more", AnnError.Corrupt);
    }

    [Theory]
    [InlineData("\"revision\":9", "\"revision\":0", "revision is 0")]
    [InlineData("\"revision\":9", "\"revision\":9,\"revision\":9", "uplicate")]
    [InlineData("\"revision\":9", "\"revision\":9,\"revise\":9", "revise")]
    [InlineData("\"revision\":9,", "", "revision")]
    [InlineData("\"revision\":9", "\"revision\":1e99", "revision")]
    [InlineData("\"revision\":9", "\"revision\":\"9\"", "revision")]
    [InlineData("\"next_file\":12", "\"next_file\":-1", "next_file is -1")]
    [InlineData("\"last_sequence\":500", "\"last_sequence\":-1", "last_sequence is -1")]
    [InlineData("\"last_sequence\":500", "\"last_sequence\":399", "log_position is 400")]
    [InlineData("\"last_sequence\":500", "\"last_sequence\":9223372036854775807", "last_sequence is 9223372036854775807")]
    [InlineData("\"revision\":9", "\"revision\":9223372036854775807", "revision is 9223372036854775807")]
    [InlineData("\"next_file\":12", "\"next_file\":9223372036854775807", "next_file is 9223372036854775807")]
    [InlineData("\"last_sequence\":500", "\"last_sequence\":500,\"log_file\":\"seg-3.ann\"", "log_file is 'seg-3.ann'")]
    [InlineData("\"last_sequence\":500", "\"last_sequence\":500,\"log_file\":\"../wal-0000000000000001.log\"", "log_file is")]
    [InlineData("\"last_sequence\":500", "\"last_sequence\":500,\"log_file\":7", "log_file")]
    [InlineData("\"dimension\":8", "\"dimension\":0", "schema: dimension is 0")]
    [InlineData("\"metric\":\"ip\"", "\"metric\":\"hamming\"", "metric")]
    [InlineData("\"metric\":\"ip\"", "\"metric\":3", "metric")]
    [InlineData("\"key_kind\":\"string\"", "\"key_kind\":null", "key_kind")]
    [InlineData("\"m\":16", "\"m\":1", "schema: M is 1")]
    [InlineData("\"serving\":\"00000000000000aa\"", "\"serving\":\"00000000000000ac\"", "none of the generations")]
    [InlineData("\"serving\":\"00000000000000aa\"", "\"serving\":null", "serving")]
    [InlineData("\"previous\":\"00000000000000ab\"", "\"previous\":\"00000000000000aa\"", "none of the other generations")]
    [InlineData("\"id\":\"00000000000000ab\"", "\"id\":\"00000000000000aa\"", "appears twice")]
    [InlineData("\"id\":\"00000000000000ab\"", "\"id\":\"00000000000000AB\"", "not 16 hex digits")]
    [InlineData("\"id\":\"00000000000000ab\"", "\"id\":\"ab\"", "not 16 hex digits")]
    [InlineData("\"encoder_fingerprint\":\"0123456789abcdef\"", "\"encoder_fingerprint\":\"x\"", "encoder_fingerprint")]
    [InlineData("\"encoder_fingerprint\":\"0123456789abcdef\"", "\"encoder_fingerprint\":5", "encoder_fingerprint")]
    [InlineData("\"log_position\":400", "\"log_position\":-4", "log_position is -4")]
    [InlineData("\"file\":\"seg-3.ann\"", "\"file\":\"../seg-3.ann\"", "no plain file name")]
    [InlineData("\"file\":\"seg-3.ann\"", "\"file\":\"/etc/passwd\"", "no plain file name")]
    [InlineData("\"file\":\"seg-3.ann\"", "\"file\":\"..\"", "no plain file name")]
    [InlineData("\"file\":\"seg-3.ann\"", "\"file\":\"\"", "no plain file name")]
    [InlineData("\"file\":\"seg-3.ann\"", "\"file\":\"a\\u0000b\"", "no plain file name")]
    [InlineData("\"file\":\"seg-3.ann\"", "\"file\":\"MANIFEST\"", "named twice")]
    [InlineData("\"file\":\"seg-3.ann\"", "\"file\":\"seg-4.ann\"", "named twice")]
    [InlineData("\"file\":\"seg-3.ann\"", "\"file\":\"missed-7.keys\"", "named twice")]
    [InlineData("\"hash\":\"1111111111111111\"", "\"hash\":\"1111\"", "not 16 hex digits")]
    [InlineData("\"count\":100", "\"count\":0", "count is 0")]
    [InlineData("\"count\":100", "\"count\":2000000000", "count is 2000000000")]
    [InlineData("\"count\":100", "\"count\":4", "5 of 4 items")]
    [InlineData("\"dead\":5", "\"dead\":-1", "-1 of 100 items")]
    [InlineData("\"tombstone_file\":\"seg-3.tomb\",", "", "no tombstone file")]
    [InlineData("\"tombstone_file\":\"seg-3.tomb\"", "\"tombstone_file\":\"a/b\"", "no plain file name")]
    [InlineData("\"missed_keys_file\":\"missed-7.keys\"", "\"missed_keys_file\":\"seg-3.ann\"", "named twice")]
    [InlineData("\"generations\":[", "\"generations\":[null,", "null")]
    [InlineData("\"producers\":[", "\"producers\":[null,", "null")]
    [InlineData("\"segments\":[", "\"segments\":[null,", "null")]
    [InlineData("\"name\":\"b\"", "\"name\":\"a\"", "producer 'a' appears twice")]
    [InlineData("\"name\":\"b\"", "\"name\":\"\"", "must take 1 to 128 bytes")]
    [InlineData("\"name\":\"b\"", "\"name\":null", "name")]
    [InlineData("\"producers\":[", "\"producers\":[[[[[[[[[[", "$.producers")]
    public void AFieldDamagedByASenderWhoMendsTheHashIsCorrupt(string sound, string hostile, string why)
    {
        ManifestFile.Write(_files, "/d", Large());
        string json = System.Text.Encoding.UTF8.GetString(_files.ReadAllBytes(Path)).Split('\n', 2)[1];
        Assert.Contains(sound, json, StringComparison.Ordinal);
        int place = json.IndexOf(sound, StringComparison.Ordinal);
        json = json[..place] + hostile + json[(place + sound.Length)..];

        AnnException error = AssertRefused(Sealed(json), hostile, AnnError.Corrupt);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "an array of attributes")]
    [InlineData("[null]", "an attribute is an object")]
    [InlineData("[{\"name\":\"a\"}]", "a name and a type")]
    [InlineData("[{\"name\":\"a\",\"type\":\"colour\"}]", "no type")]
    [InlineData("[{\"name\":\"a\",\"type\":\"bool\"},{\"name\":\"a\",\"type\":\"bool\"}]", "is there twice")]
    [InlineData("[{\"name\":\"a\",\"type\":\"bool\",\"x\":1}]", "nothing else")]
    [InlineData("[{\"name\":5,\"type\":\"bool\"}]", "a text was expected")]
    [InlineData("[{\"name\":\"a b\",\"type\":\"bool\"}]", "no name of an attribute")]
    public void AttributesDamagedByASenderWhoMendsTheHashAreCorrupt(string attributes, string why) =>
        AFieldDamagedByASenderWhoMendsTheHashIsCorrupt(
            "\"ef_construction\":200", "\"ef_construction\":200,\"attributes\":" + attributes, why);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"revision\":")]
    public void WhatIsNoManifestIsCorrupt(string json) => AssertRefused(Sealed(json), json, AnnError.Corrupt);

    [Fact]
    public void AManifestThatCouldNotBeReadIsNotWritten()
    {
        ManifestFile.Write(_files, "/d", Small());

        Assert.Throws<ArgumentException>(() => ManifestFile.Write(_files, "/d", Large() with { Serving = "00000000000000ff" }));
        Assert.Equal(Small().Revision, ManifestFile.Read(_files, "/d").Revision);
    }

    private static SimulatedFileSystem NewFiles()
    {
        SimulatedFileSystem files = new();
        files.CreateDirectory("/d");
        files.FlushDirectory("/");
        return files;
    }

    private static Manifest Small() => new()
    {
        Revision = 1,
        Schema = new IndexSchema { Dimension = 8, Metric = Metric.Cosine },
        NextFile = 1,
        Serving = "00000000000000aa",
        Generations = [new ManifestGeneration { Id = "00000000000000aa", EncoderName = "", LogPosition = 0, Segments = [] }],
        Producers = [],
        LastSequence = 0,
    };

    private static Manifest Large() => new()
    {
        Revision = 9,
        Schema = new IndexSchema
        {
            Dimension = 8,
            Metric = Metric.InnerProduct,
            KeyKind = KeyKind.String,
            Codes = CodesKind.F32,
            Layout = SegmentLayout.Lean,
            Seed = ulong.MaxValue,
        },
        NextFile = 12,
        Serving = "00000000000000aa",
        Previous = "00000000000000ab",
        Generations =
        [
            new ManifestGeneration
            {
                Id = "00000000000000aa",
                EncoderFingerprint = 0x0123456789ABCDEF,
                EncoderName = "tower \"ü\"",
                LogPosition = 400,
                Segments =
                [
                    new ManifestSegment { File = "seg-3.ann", Hash = "1111111111111111", Count = 100, TombstoneFile = "seg-3.tomb",
                        Dead = 5 },
                    new ManifestSegment { File = "seg-4.ann", Hash = "2222222222222222", Count = 1, Dead = 0 },
                ],
            },
            new ManifestGeneration
            {
                Id = "00000000000000ab",
                EncoderName = "",
                LogPosition = 500,
                Segments = [],
                MissedKeysFile = "missed-7.keys",
            },
        ],
        Producers = [new ManifestProducer("a", 1), new ManifestProducer("b", ulong.MaxValue)],
        LastSequence = 500,
    };

    private static byte[] Sealed(string json)
    {
        byte[] rest = System.Text.Encoding.UTF8.GetBytes(json);
        return [.. System.Text.Encoding.ASCII.GetBytes("ANNMANIFEST 1 " + XxHash3.HashToUInt64(rest).ToString("x16",
            CultureInfo.InvariantCulture) + "\n"), .. rest];
    }

    private AnnException AssertRefused(byte[] bytes, string what, AnnError expected)
    {
        _files.Put(Path, bytes);
        try
        {
            _ = ManifestFile.Read(_files, "/d");
        }
        catch (AnnException e)
        {
            Assert.True(e.Error == expected, $"{what}: {e.Message}");
            Assert.Matches("^/d/MANIFEST: (section manifest, )?byte [0-9]+: ", e.Message);
            return e;
        }
        throw new InvalidOperationException($"{what}: was read");
    }
}
