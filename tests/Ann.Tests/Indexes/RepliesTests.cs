using System.Runtime.InteropServices;
using Ann.Core.Indexes;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: what follows a write runs at the priority of the process, not at the lower one of the writer. Method: replies posted by a thread
/// that yields, and a thread that is started by one of them, as the pool may start one.
/// </summary>
public sealed class RepliesTests
{
    private const int LowPriority = 19;

    [Fact]
    public async Task AReplyAndWhatItStartsHaveThePriorityOfTheProcess()
    {
        Replies.Begin();
        TaskCompletionSource<int> posting = Settled();
        TaskCompletionSource<int> replying = Settled();
        TaskCompletionSource<int> started = Settled();
        new Thread(() =>
        {
            BackgroundThreads.Yield(LowPriority);
            posting.SetResult(PriorityOfThread());
            Replies.Post(() =>
            {
                replying.SetResult(PriorityOfThread());
                new Thread(() => started.SetResult(PriorityOfThread())).Start();
            });
        }).Start();

        int expected = PriorityOf(Environment.ProcessId);
        if (OperatingSystem.IsLinux())
            Assert.Equal(LowPriority, await posting.Task);
        Assert.Equal(expected, await replying.Task);
        Assert.Equal(expected, await started.Task);
    }

    [Fact]
    public async Task RepliesOfOneThreadComeInTheirOrder()
    {
        List<int> order = [];
        TaskCompletionSource<int> last = Settled();
        for (int i = 0; i < 1000; i++)
        {
            int number = i;
            Replies.Post(() => order.Add(number));
        }
        Replies.Post(() => last.SetResult(0));
        await last.Task;
        Assert.Equal(Enumerable.Range(0, 1000), order);
    }

    private static TaskCompletionSource<int> Settled() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static int PriorityOfThread() => PriorityOf(0);

    private static int PriorityOf(int id) => OperatingSystem.IsLinux() ? getpriority(0, (uint)id) : 0;

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int getpriority(int which, uint who);
}
