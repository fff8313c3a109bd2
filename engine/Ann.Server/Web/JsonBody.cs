using System.Buffers;
using System.IO.Pipelines;
using Ann.Core;
using Ann.Server.Admission;
using Ann.Server.Errors;

namespace Ann.Server.Web;

/// <summary>
/// The body of a REST call, held to what a gRPC message is held to: its bytes are charged to the budget of all messages as they come, and
/// what will become of them before they are parsed.
/// </summary>
/// <remarks>It is read whole before the call begins, so that its length is known; <see cref="RequestBody"/> knows it by a frame.</remarks>
internal sealed class JsonBody(ByteBudget budget) : IDisposable
{
    /// <summary>An object of a message with its lists, of which the text <c>{},</c> makes one.</summary>
    private const int ObjectBytes = 256;

    /// <summary>A number, or the place of a text, in a list.</summary>
    private const int EntryBytes = 48;

    /// <summary>The bytes themselves, in a buffer that grows by doubling, and texts made of them.</summary>
    private const int PerByte = 4;

    private long _charged;

    /// <summary>Reads it.</summary>
    /// <param name="reader">The body as it comes.</param>
    /// <param name="announced">Bytes that the header tells; null where it does not.</param>
    /// <param name="most">Bytes at most.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="AnnException"><see cref="AnnError.Overloaded"/>: larger than the limit, or than what is left.</exception>
    public async Task<byte[]> ReadAsync(PipeReader reader, long? announced, int most, CancellationToken cancellation)
    {
        if (announced > most)
            throw TooLarge(announced.Value, most);
        ArrayBufferWriter<byte> whole = new();
        // The transport would stay in the middle of a read that a token ends.
        await using CancellationTokenRegistration ends = cancellation.Register(reader.CancelPendingRead);
        bool isWhole = false;
        while (!isWhole)
        {
            ReadResult read = await reader.ReadAsync(CancellationToken.None);
            try
            {
                if (read.IsCanceled)
                    throw new OperationCanceledException(cancellation);
                long length = whole.WrittenCount + read.Buffer.Length;
                if (length > most)
                    throw TooLarge(length, most);
                Charge(PerByte * length);
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                    whole.Write(part.Span);
                isWhole = read.IsCompleted;
            }
            finally
            {
                reader.AdvanceTo(read.Buffer.End);
            }
        }
        ReadOnlySpan<byte> text = whole.WrittenSpan;
        Charge(PerByte * (long)text.Length + (long)ObjectBytes * text.Count((byte)'{') + (long)EntryBytes * text.Count((byte)','));
        return text.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        budget.Release(_charged);
        _charged = 0;
    }

    private void Charge(long bytes)
    {
        long more = bytes - _charged;
        if (more <= 0)
            return;
        if (!budget.TryTake(more))
        {
            throw new AnnException(
                AnnError.Overloaded,
                $"The body takes {bytes} bytes of memory; messages under way hold {budget.Used - _charged} of the {budget.Limit} that "
                + "RequestBudgetBytes allows.")
            {
                Field = "memory",
            };
        }
        _charged += more;
    }

    private static AnnException TooLarge(long length, int most) => new(
        AnnError.Overloaded, $"A body of {length} bytes and more; this call takes at most {most}.")
    { Field = StatusDetails.TooLarge };
}
