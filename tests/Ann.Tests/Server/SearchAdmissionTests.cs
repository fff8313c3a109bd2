using System.Diagnostics;
using Ann.Core.Searching;
using Ann.Server.Admission;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: a call that wants an answer by its deadline waits for a place only as long as its time allows.
/// Method: the one place is held by the test; deadlines are far off, or so near that no wait is begun.
/// </summary>
public sealed class SearchAdmissionTests
{
    private readonly AdmissionQueue _queue = new("search", running: 1, waiting: 4);
    private readonly SearchAdmission _admission;

    public SearchAdmissionTests() => _admission = new SearchAdmission(_queue, running: 1, brownOut: true);

    [Fact]
    public async Task AFreePlaceIsTakenHoweverLittleTimeIsLeft()
    {
        using SearchPlace place = await _admission.EnterAsync(Left(TimeSpan.Zero), bestSoFar: true);
        Assert.False(place.IsLate);
    }

    [Fact]
    public async Task WithLittleTimeNothingIsWaitedFor()
    {
        using SearchPlace held = await _admission.EnterAsync(Left(TimeSpan.FromHours(1)), bestSoFar: true);

        ValueTask<SearchPlace> second = _admission.EnterAsync(Left(TimeSpan.FromMilliseconds(3)), bestSoFar: true);

        Assert.True(second.IsCompletedSuccessfully);
        using SearchPlace late = await second;
        Assert.True(late.IsLate);
    }

    [Fact]
    public async Task WithMuchTimeTheTurnIsWaitedFor()
    {
        SearchPlace held = await _admission.EnterAsync(Left(TimeSpan.FromHours(1)), bestSoFar: true);
        Task<SearchPlace> second = _admission.EnterAsync(Left(TimeSpan.FromHours(1)), bestSoFar: true).AsTask();
        Assert.False(second.IsCompleted);
        held.Dispose();
        using SearchPlace place = await second;
        Assert.False(place.IsLate);
    }

    /// <summary>Places are held for two hours on average: a turn would come long after half of the caller's hour.</summary>
    [Fact]
    public async Task AWaitThatWouldTakeTooLongIsNotBegun()
    {
        using SearchPlace held = await _admission.EnterAsync(Left(TimeSpan.FromHours(1)), bestSoFar: true);
        _admission.Held(TimeSpan.FromHours(2));

        ValueTask<SearchPlace> second = _admission.EnterAsync(Left(TimeSpan.FromHours(1)), bestSoFar: true);

        Assert.True(second.IsCompletedSuccessfully);
        using SearchPlace late = await second;
        Assert.True(late.IsLate);
    }

    /// <summary>Where deadlines leave no time to wait, nobody waits long; the late ones are what tells of the pressure.</summary>
    [Fact]
    public async Task CallsThatAreLateAgainAndAgainArePressure()
    {
        using SearchPlace held = await _admission.EnterAsync(Left(TimeSpan.FromHours(1)), bestSoFar: true);
        Assert.Equal(0, held.Step);
        for (int i = 0; i < 200; i++)
            (await _admission.EnterAsync(Left(TimeSpan.FromMilliseconds(1)), bestSoFar: true)).Dispose();
        Assert.Equal(4, _admission.Step);
    }

    private static SearchBudget Left(TimeSpan time) =>
        new(Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency), CancellationToken.None);
}
