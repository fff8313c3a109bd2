using Ann.Core;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Mapping;
using Ann.Server.Recall;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>Several searches of one index, each with a filter and exclusions of its own, as of one write.</summary>
/// <remarks>
/// All are checked before any is made, and read a second time when their turn comes: what they exclude takes more memory once it is read,
/// and a call holds that of one search at a time. Those that fail at the deadline come first, since one that fails takes the others'
/// answers with it; among them those of one filter follow each other.
/// </remarks>
internal sealed class SearchManyCall(SearchPipeline pipeline, NearestCall nearest)
{
    private const string Field = "searches";

    public SearchManyResponse Run(SearchManyRequest request, ServerCallContext context, SearchPlace place, HeldIndex? encoded = null)
    {
        int count = request.Searches.Count;
        if (count == 0 || count > pipeline.MaxRows)
            throw AnnException.Invalid(Field, $"{Field} holds {count} searches; it must be 1 to {pipeline.MaxRows}.");
        using HeldIndex index = encoded ?? pipeline.Hold(request.Index, context);
        Turn[] turns = Check(request, in index, new Budgets(pipeline, in index), in place);
        index.Room.Take((long)count * ReplyRoom.AnswerBytes);
        SearchResponse[] answers = Answer(request, turns, in index, in place);
        return new SearchManyResponse { Answers = { answers } };
    }

    /// <summary>Refuses the call where a search of it would be refused, or all together ask for too much.</summary>
    /// <returns>The searches in the order in which they are made.</returns>
    private Turn[] Check(SearchManyRequest request, in HeldIndex index, Budgets budgets, in SearchPlace place)
    {
        HeldIndex held = index;
        SearchPlace admitted = place;
        Turn[] turns = new Turn[request.Searches.Count];
        long rows = 0;
        long results = 0;
        for (int i = 0; i < turns.Length; i++)
        {
            int position = i;
            turns[i] = NestedSearch.Run(request.Searches[i], PathOf(i), asked =>
            {
                RequireIndex(asked, request.Index);
                AcquiredSearch search = pipeline.Read(asked, in held, in admitted, budgets.Of(asked));
                pipeline.RequireComplete(search.Budget.Check(), in search);
                using VectorRows queries = pipeline.ReadRows(in search);
                SearchPipeline.RequireSound(search.Index, in queries, 0, queries.Count);
                int lists = RankedCall.ListsOf(asked, queries.Count);
                SearchEffort effort = pipeline.EffortOf(search with { Place = default }, lists, selectivity: null, mayScan: false);
                RankedCall.Check(in search, in queries, effort.Parameters);
                rows += queries.Count;
                results += (long)lists * search.K;
                return new Turn(position, search.Budget, asked.OnDeadline == OnDeadline.BestSoFar, search.Input.Filter?.Hash);
            });
            if (rows > pipeline.MaxRows)
                throw AnnException.Invalid(Field, $"{Field} have {rows} query rows and more; a request takes at most {pipeline.MaxRows}.");
            pipeline.RequireResults(Field, results);
        }
        return [.. turns.OrderBy(static turn => turn.IsBestSoFar).ThenBy(static turn => turn.FilterHash)];
    }

    private SearchResponse[] Answer(SearchManyRequest request, Turn[] turns, in HeldIndex index, in SearchPlace place)
    {
        ReadPoint at = index.Snapshot.Now;
        SearchResponse[] answers = new SearchResponse[turns.Length];
        SharedSelection? shared = null;
        HeldIndex held = index;
        SearchPlace admitted = place;
        try
        {
            foreach (Turn turn in turns)
            {
                bool isFirst = turn == turns[0];
                answers[turn.Position] = NestedSearch.Run(request.Searches[turn.Position], PathOf(turn.Position), asked =>
                {
                    AcquiredSearch search = pipeline.Read(asked, in held, in admitted, turn.Budget);
                    StopReason stopped = turn.Budget.Check();
                    pipeline.RequireComplete(stopped, in search);
                    if (stopped != StopReason.None && !isFirst)
                        return Unsearched(in search);
                    if (shared?.IsOf(search.Input.Filter) != true)
                    {
                        shared?.Dispose();
                        shared = new SharedSelection(held.Snapshot, at, search.Input.Filter);
                    }
                    return nearest.Run(search with { Shared = shared });
                });
            }
        }
        finally
        {
            shared?.Dispose();
        }
        return answers;
    }

    /// <summary>The answer of a search that the deadline left no time for.</summary>
    private SearchResponse Unsearched(in AcquiredSearch search)
    {
        using VectorRows queries = pipeline.ReadRows(in search);
        return pipeline.ReplyUnsearched(in search, RankedCall.ListsOf(search.Request, queries.Count));
    }

    private static void RequireIndex(SearchRequest search, string index)
    {
        if (search.Index.Length > 0 && search.Index != index)
        {
            throw AnnException.Invalid(
                "index", $"index is '{search.Index}'; all searches are of '{index}', so leave it out.");
        }
    }

    private static string PathOf(int position) => $"{Field}[{position}]";

    /// <summary>A search that was checked.</summary>
    /// <param name="Position">In the request.</param>
    /// <param name="Budget">Its time.</param>
    /// <param name="IsBestSoFar">True when the deadline does not fail it.</param>
    /// <param name="FilterHash">Of its filter; null for none.</param>
    private sealed record Turn(int Position, SearchBudget Budget, bool IsBestSoFar, ulong? FilterHash);

    /// <summary>The time of the call, as searches of either kind have it: taken once, so that it ends for all of a kind at once.</summary>
    private sealed class Budgets(SearchPipeline pipeline, in HeldIndex held)
    {
        private readonly SearchBudget _whole = pipeline.BudgetOf(OnDeadline.Fail, in held);
        private readonly SearchBudget _bestSoFar = pipeline.BudgetOf(OnDeadline.BestSoFar, in held);

        public SearchBudget Of(SearchRequest search) => search.OnDeadline == OnDeadline.BestSoFar ? _bestSoFar : _whole;
    }
}
