namespace Ann.Tests;
public sealed class Smoke { [Fact] public void Runs() => Assert.Equal(1, 1); }
