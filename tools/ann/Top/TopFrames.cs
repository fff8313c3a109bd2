using Ann.Tool.Reports;

namespace Ann.Tool.Top;

/// <summary>What happened between two samples of a server.</summary>
internal static class TopFrames
{
    private const string Index = "db_collection_name";
    private const string Calls = "rpc_server_call_duration_seconds";
    private const string Searches = "ann_search_duration_seconds";
    private const string Queued = "ann_search_queue_duration_seconds";
    private static readonly (string, string) Serving = ("ann_generation_role", "serving");

    /// <summary>The frame.</summary>
    /// <param name="server">Address of the server.</param>
    /// <param name="state">As its readiness tells it.</param>
    /// <param name="before">The earlier sample.</param>
    /// <param name="now">The later one.</param>
    /// <param name="seconds">Time between them.</param>
    public static TopReport Between(string server, string state, TopSample before, TopSample now, double seconds)
    {
        double Rate(string name, params (string, string)[] labels) =>
            Math.Max(0, now.Sum(name, labels) - before.Sum(name, labels)) / seconds; // a server that was restarted counts from 0
        double calls = Rate(Calls + "_count");
        return new TopReport
        {
            Server = server,
            State = state,
            CallsPerS = calls,
            ErrorsPerS = Math.Max(0, calls - Rate(Calls + "_count", ("rpc_response_status_code", "OK"))),
            P50Ms = Ms(now.Quantile(before, Calls, 0.5)),
            P99Ms = Ms(now.Quantile(before, Calls, 0.99)),
            Active = now.Sum("ann_calls_active"),
            WaitingSearches = now.Sum("ann_queue_waiting") - now.Sum("ann_queue_waiting", ("ann_queue", "write")),
            WaitingWrites = now.Sum("ann_queue_waiting", ("ann_queue", "write")),
            BrownOut = now.Sum("ann_search_brown_out"),
            CpuCores = Rate("dotnet_process_cpu_time_seconds_total"),
            WorkingSetBytes = now.Sum("dotnet_process_memory_working_set_bytes"),
            GcPauseShare = Rate("dotnet_gc_pause_time_seconds_total"),
            Memory =
            [
                .. now.Find("ann_memory_used_bytes").Select(one => new TopMemory(
                    one.Labels.GetValueOrDefault("ann_component", ""), one.Value,
                    now.Sum("ann_memory_limit_bytes", ("ann_component", one.Labels.GetValueOrDefault("ann_component", ""))))),
            ],
            Indexes =
            [
                .. now.Find("ann_index_ready").Select(one => one.Labels.GetValueOrDefault(Index, "")).Order(StringComparer.Ordinal)
                    .Select(name => Of(name)),
            ],
        };

        TopIndex Of(string name)
        {
            (string, string) index = (Index, name);
            double[] recall = [.. now.Find("ann_recall_live", index).Select(static one => one.Value)];
            return new TopIndex(name, now.Sum("ann_index_ready", index) > 0, now.Sum("ann_index_items", index, Serving))
            {
                Segments = now.Sum("ann_index_segments", index, Serving),
                SearchesPerS = Rate(Searches + "_count", index),
                WritesPerS = Rate("ann_log_items_total", index),
                P50Ms = Ms(now.Quantile(before, Searches, 0.5, index)),
                P99Ms = Ms(now.Quantile(before, Searches, 0.99, index)),
                QueueP99Ms = Ms(now.Quantile(before, Queued, 0.99, index)),
                Recall = recall.Length == 0 ? null : recall.Min(),
                MemoryBytes = now.Sum("ann_index_memory_bytes", index),
                LogBytes = now.Sum("ann_log_size_bytes", index),
            };
        }
    }

    private static double? Ms(double? seconds) => seconds * 1e3;
}
