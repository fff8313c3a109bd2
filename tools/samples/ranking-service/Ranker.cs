namespace Ann.Samples.RankingService;

/// <summary>Stands for a ranking model: puts the candidates of the search in the order of a score made of three things.</summary>
internal static class Ranker
{
    public static RankedItem[] Rank(IReadOnlyList<Candidate> candidates, Shopper shopper, DateTimeOffset now)
    {
        (Item Item, float[] Vector)[] opened = [.. shopper.Opened.Select(static item => (item, Towers.OfItem(item)))];
        double usual = shopper.Opened.Average(static item => item.Price);
        double best = candidates.Count > 0 ? candidates.Max(static one => one.Similarity) : 1;
        return
        [
            .. from one in candidates
               let taste = 0.6 * one.Similarity / best
               let fresh = 0.25 * Math.Exp(-(now - one.Added).TotalDays / 21)
               let price = 0.15 * Math.Exp(-Math.Abs(Math.Log(one.Price / usual)))
               orderby taste + fresh + price descending
               let vector = Towers.OfItem(one.Item)
               let like = opened.MaxBy(other => Towers.Product(other.Vector, vector)).Item
               select new RankedItem(
                   one.Item.Key, one.Item.Title, one.Item.Category, one.Item.Colour, one.Item.Brand, one.Price, (now - one.Added).Days)
               {
                   Taste = taste,
                   Freshness = fresh,
                   PriceFit = price,
                   Like = like.Title,
                   PlaceInSearch = one.Place + 1,
               },
        ];
    }
}

/// <summary>What the search found; the place is from 0.</summary>
internal sealed record Candidate(Item Item, int Place, double Similarity, double Price, DateTimeOffset Added);

/// <summary>An item of the feed, and why it is there: the parts of its score, and what it is most like of what was opened.</summary>
internal sealed record RankedItem(ulong Key, string Title, string Category, string Colour, string Brand, double Price, int AgeDays)
{
    public required double Taste { get; init; }

    public required double Freshness { get; init; }

    public required double PriceFit { get; init; }

    public required string Like { get; init; }

    public required int PlaceInSearch { get; init; }
}
