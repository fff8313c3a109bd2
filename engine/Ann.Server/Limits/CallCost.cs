namespace Ann.Server.Limits;

/// <summary>What a call asks for, as far as limits are of it.</summary>
/// <param name="Bytes">Of its message.</param>
/// <param name="Rows">Rows, keys or texts that it holds.</param>
/// <param name="K">Largest number of results of a row.</param>
/// <param name="Ef">Widest beam that it names; 0 for none.</param>
/// <param name="WrittenRows">Items that it writes or deletes.</param>
/// <param name="IsSearch">True of a read call, which takes a place.</param>
internal readonly record struct CallCost(long Bytes, long Rows, long K, long Ef, long WrittenRows, bool IsSearch);
