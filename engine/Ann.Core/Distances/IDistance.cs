namespace Ann.Core.Distances;

/// <summary>A distance between two float32 vectors. Smaller is nearer.</summary>
/// <remarks>
/// Implementations are empty structs used as type arguments: the JIT compiles one search loop per distance and calls the kernel
/// directly. Never hold one in a variable of interface type, and never make one a class: reference types share one compiled body
/// and bring the indirect call back. Components must be finite; the boundary refuses others.
/// </remarks>
internal interface IDistance
{
    /// <param name="a">First component of a row of <paramref name="length"/> floats.</param>
    /// <param name="b">First component of a row of <paramref name="length"/> floats.</param>
    /// <param name="length">Padded dimension: a positive multiple of <see cref="VectorTable.Lanes"/>.</param>
    static abstract unsafe float Between(float* a, float* b, nuint length);
}
