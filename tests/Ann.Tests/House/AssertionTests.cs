using Ann.Core.Segments;

namespace Ann.Tests.House;

/// <summary>Goal: in Debug the engine's assertions are checked, and one that fails is an exception, not the end of the process.</summary>
public sealed class AssertionTests
{
#if DEBUG
    private const string Expected = AssertionWatch.Thrown;
#else
    private const string? Expected = null;
#endif

    [Fact]
    public void AFailedAssertionIsAnExceptionInDebugAlone()
    {
        RecallCurve curve = RecallCurve.Of([(10, 0.9), (100, 0.99)])!;

        Exception? thrown = Record.Exception(() => AssertionWatch.Expect(() => curve.At(0)));

        Assert.Equal(Expected, thrown?.GetType().Name);
    }
}
