using System.Collections.Concurrent;
using Ann.Core;
using Ann.Encoding;

namespace Ann.Tool.Bulk;

/// <summary>
/// Encodes blocks of items: one thread reads, several encode, and who calls writes, all at once. Blocks are written in the order in which
/// they were read, and no more than <see cref="BlocksAtOnce"/> of them are held, however long the input is.
/// </summary>
internal sealed class BulkEncoding : IDisposable
{
    /// <summary>Blocks in memory: one is read, two wait for their slices or to be written, one is written.</summary>
    public const int BlocksAtOnce = 4;

    /// <summary>Calls of an encoder at once on the CPU: what one has as its own memory is bounded by this.</summary>
    private const int MostOnCpu = 16;

    /// <summary>And on any other device: while it runs one call, others cut texts into tokens.</summary>
    private const int MostOnDevice = 4;

    private readonly TextEncoder _encoder;
    private readonly BlockingCollection<ItemBlock> _blocks = new(BlocksAtOnce - 2);
    private readonly BlockingCollection<(ItemBlock Block, ArraySegment<int> Rows)> _slices = [];
    private readonly CancellationTokenSource _stop;

    private BulkEncoding(TextEncoder encoder, CancellationToken cancellation)
    {
        _encoder = encoder;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>Encodes all blocks.</summary>
    /// <param name="blocks">Where they come from; read by another thread until this returns.</param>
    /// <param name="encoder">Who encodes.</param>
    /// <param name="write">Receives each block with its vectors, in order, on this thread.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="AnnException">InvalidArgument: what the input or the encoder refused; blocks before it may be written.</exception>
    public static void Run(ItemBlocks blocks, TextEncoder encoder, BlockWriter write, CancellationToken cancellation)
    {
        using BulkEncoding run = new(encoder, cancellation);
        int workers = encoder.Info.Provider == "cpu" ? Math.Clamp(Environment.ProcessorCount, 1, MostOnCpu) : MostOnDevice;
        Task[] tasks = [run.Start(() => run.Read(blocks)), .. Enumerable.Range(0, workers).Select(_ => run.Start(run.Encode))];
        try
        {
            run.Write(write);
        }
        catch (OperationCanceledException)
        {
            // Why it ended, another thread may know better.
        }
        finally
        {
            run._stop.Cancel();
            WaitForAll(blocks.MayHang ? tasks[1..] : tasks);
        }
        cancellation.ThrowIfCancellationRequested();
        foreach (Task failed in tasks.Where(static task => task.IsFaulted))
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failed.Exception!.InnerException!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _blocks.Dispose();
        _slices.Dispose();
        _stop.Dispose();
    }

    private Task Start(Action work) => Task.Factory.StartNew(
        () =>
        {
            try
            {
                work();
            }
            catch (OperationCanceledException)
            {
                // the end, which somebody else asked for
            }
            catch
            {
                _stop.Cancel();
                throw;
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void WaitForAll(Task[] tasks)
    {
        try
        {
            Task.WaitAll(tasks);
        }
        catch (AggregateException)
        {
            // told by the tasks themselves
        }
    }

    private void Read(ItemBlocks blocks)
    {
        while (blocks.TryRead(_stop.Token) is { } block)
        {
            IReadOnlyList<ArraySegment<int>> slices = block.Slices(_encoder.Info.Dimension);
            _blocks.Add(block, _stop.Token);
            foreach (ArraySegment<int> slice in slices)
                _slices.Add((block, slice), _stop.Token);
        }
        _blocks.CompleteAdding();
        _slices.CompleteAdding();
    }

    private void Encode()
    {
        int dimension = _encoder.Info.Dimension;
        float[] vectors = new float[ItemBlock.SliceRows * dimension];
        foreach ((ItemBlock block, ArraySegment<int> rows) in _slices.GetConsumingEnumerable(_stop.Token))
        {
            Span<float> room = vectors.AsSpan(0, rows.Count * dimension);
            string[] texts = [.. rows.Select(row => block.Texts[row])];
            try
            {
                _encoder.Encode(texts, TextRole.Document, room, _stop.Token);
            }
            catch (AnnException e) when (e.Error == AnnError.InvalidArgument)
            {
                throw NamedFailure(block, rows, e);
            }
            block.Put(rows, room, dimension);
        }
    }

    /// <summary>Which text of a slice is refused: each is tried alone.</summary>
    private AnnException NamedFailure(ItemBlock block, ArraySegment<int> rows, AnnException all)
    {
        float[] vector = new float[_encoder.Info.Dimension];
        foreach (int row in rows)
        {
            try
            {
                _encoder.Encode([block.Texts[row]], TextRole.Document, vector, _stop.Token);
            }
            catch (AnnException e) when (e.Error == AnnError.InvalidArgument)
            {
                string key = PrintedText.Of(block.Keys.Format(row));
                return AnnException.Invalid("--encoder", $"the text of '{key}' cannot be encoded: {e.Message}");
            }
        }
        return all; // of none alone
    }

    private void Write(BlockWriter write)
    {
        foreach (ItemBlock block in _blocks.GetConsumingEnumerable(_stop.Token))
        {
            write(block, block.WaitForVectors(_encoder.Info.Dimension, _stop.Token));
            block.Dispose();
        }
    }
}

/// <summary>Receives a block with its vectors.</summary>
internal delegate void BlockWriter(ItemBlock block, ReadOnlySpan<float> vectors);
