using System.Diagnostics;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Encoding;
using Ann.Encoding.Batching;
using Ann.Server.Admission;
using Ann.Server.Encoders;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>
/// Makes vectors of what a request holds as texts or features, before it is admitted: while it waits for the encoder it has no place that
/// a search could have. The index is held first, so that the generation that answers is the one whose encoder made the vectors.
/// </summary>
internal sealed class QueryEncoding(SearchPipeline pipeline, QueryEncoders encoders, EncodedRows rows, CallLimits limits)
{
    /// <summary>What an input takes beside its vector while it is encoded: its places in queues and tables.</summary>
    private const int InputBytes = 256;

    /// <summary>Holds the index of a call, and puts vectors in the place of the inputs.</summary>
    /// <param name="index">Its name, as the request has it.</param>
    /// <param name="inputs">Of the request.</param>
    /// <param name="context">Deadline and cancellation.</param>
    /// <returns>The index, which the caller lets go of by its lease: searches only borrow it.</returns>
    /// <exception cref="AnnException">
    /// As the catalog says; FailedPrecondition: the encoder is not hosted here; InvalidArgument: the encoder cannot encode an input;
    /// Overloaded: the encoder's queue is full, or there is no memory.
    /// </exception>
    public async Task<HeldIndex> HoldAsync(string index, QueryInputs inputs, ServerCallContext context)
    {
        SearchBudget whole = limits.BudgetOf(context);
        long began = Stopwatch.GetTimestamp();
        HeldIndex held = pipeline.Hold(index, context);
        try
        {
            IndexSnapshot snapshot = held.Snapshot;
            ServedEncoder encoder = encoders.Of(snapshot);
            EncoderInfo info = encoder.Info;
            if (info.Dimension != snapshot.Dimension)
            {
                throw new AnnException(
                    AnnError.FailedPrecondition,
                    $"Encoder '{info.Name}' makes vectors of dimension {info.Dimension}; "
                    + $"index '{snapshot.Name}' holds {snapshot.Dimension}.");
            }
            TimeSpan left = Stopwatch.GetElapsedTime(began, whole.DeadlineTimestamp);
            byte[] encoded = encoder.Texts is { } texts
                ? await EncodeAsync(texts, inputs.Texts(info, pipeline.MaxRows))
                : await EncodeAsync(encoder.Features!, inputs.Features(info, encoder.Input!, pipeline.MaxRows));
            inputs.Replace(encoded, snapshot, pipeline.MaxRows);
            return held with { Encoded = new EncodedBefore(whole, Stopwatch.GetElapsedTime(began)) };

            Task<byte[]> EncodeAsync<TInput>(MicroBatcher<TInput> batches, TInput[] wanted)
                where TInput : notnull, IEquatable<TInput>
            {
                held.Room.Take((long)wanted.Length * (info.Dimension * sizeof(float) + InputBytes));
                return rows.OfAsync(batches, wanted, left, inputs.NameOf, context);
            }
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }
}
