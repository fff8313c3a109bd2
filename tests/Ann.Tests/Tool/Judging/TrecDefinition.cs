namespace Ann.Tests.Tool.Judging;

/// <summary>
/// nDCG as TREC defines it, written from the definition and from nothing of ours: similarities are cosines summed in float64, ranks
/// are by similarity and then by document number, both descending, the ideal is every judgement of the topic by grade.
/// </summary>
internal static class TrecDefinition
{
    /// <summary>nDCG of one topic.</summary>
    /// <param name="query">Its vector.</param>
    /// <param name="documents">Number and vector of each document.</param>
    /// <param name="judgements">Grade by document number, of documents that there may not be.</param>
    /// <param name="cutoff">Ranks.</param>
    public static double Ndcg(
        float[] query, IReadOnlyList<(string Number, float[] Vector)> documents, IReadOnlyDictionary<string, int> judgements, int cutoff)
    {
        List<(double Similarity, string Number)> run = [];
        foreach ((string number, float[] vector) in documents)
            run.Add(((float)Cosine(query, vector), number));
        run.Sort(static (one, other) =>
            one.Similarity == other.Similarity
                ? -string.CompareOrdinal(one.Number, other.Number)
                : -one.Similarity.CompareTo(other.Similarity));

        double found = 0;
        for (int i = 1; i <= cutoff && i <= run.Count; i++)
            if (judgements.TryGetValue(run[i - 1].Number, out int grade) && grade >= 1)
                found += grade * Math.Log(2) / Math.Log(i + 1);

        List<int> ideal = [];
        foreach (int grade in judgements.Values)
            if (grade >= 1)
                ideal.Add(grade);
        ideal.Sort();
        ideal.Reverse();
        double best = 0;
        for (int i = 1; i <= cutoff && i <= ideal.Count; i++)
            best += ideal[i - 1] * Math.Log(2) / Math.Log(i + 1);
        return found / best;
    }

    private static double Cosine(float[] one, float[] other)
    {
        double dot = 0;
        double square = 0;
        double otherSquare = 0;
        for (int i = 0; i < one.Length; i++)
        {
            dot += (double)one[i] * other[i];
            square += (double)one[i] * one[i];
            otherSquare += (double)other[i] * other[i];
        }
        return dot / Math.Sqrt(square * otherSquare);
    }
}
