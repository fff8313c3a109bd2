using Ann.Core;
using Ann.Encoding.Batching;
using Ann.Server.Errors;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>Rows that encoders make for calls, in batches with those of others.</summary>
internal sealed class EncodedRows(TimeProvider time)
{
    /// <summary>The rows of some inputs. The call must be admitted to nothing meanwhile: it may wait for long.</summary>
    /// <param name="batches">Of the encoder.</param>
    /// <param name="inputs">One or more.</param>
    /// <param name="left">Time of the call; null for any.</param>
    /// <param name="nameOf">What the request calls an input, by its number.</param>
    /// <param name="context">Cancels it.</param>
    /// <returns>Float32, one row after another.</returns>
    /// <exception cref="AnnException">As the batches say, with the name of the input.</exception>
    /// <exception cref="RpcException">The time is over.</exception>
    public async Task<byte[]> OfAsync<TInput>(
        MicroBatcher<TInput> batches, IReadOnlyList<TInput> inputs, TimeSpan? left, Func<int, string> nameOf, ServerCallContext context)
        where TInput : notnull, IEquatable<TInput>
    {
        try
        {
            return await batches.EncodeAsync(inputs, left, context.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw CallEnd.DeadlineExceeded(context, time);
        }
        catch (AnnException e) when (BatchedCall<TInput>.PositionOf(e) is int position)
        {
            throw e.Renamed(nameOf(position));
        }
    }
}
