// Faiss: IndexHNSWFlat, or IndexHNSWSQ with 8-bit codes under an exact second pass over four times k candidates (fewer when ef is less).
#include "driver.h"
#include <faiss/IndexHNSW.h>
#include <faiss/IndexRefine.h>
#include <faiss/index_io.h>
#include <memory>
#include <omp.h>

using namespace driver;

static faiss::MetricType metric_of(const Arguments& arguments) {
    return arguments.is_l2() ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
}

static bool is_quantised(const Arguments& arguments) { return arguments.text("--engine") == "faiss-hnsw-sq8"; }

static void build(const Arguments& arguments) {
    Rows base(arguments, "--base");
    int threads = arguments.number("--threads"), m = arguments.number("--m");
    omp_set_num_threads(threads);
    auto start = Clock::now();
    std::unique_ptr<faiss::Index> index;
    faiss::IndexHNSW* graph;
    if (is_quantised(arguments)) {
        graph = new faiss::IndexHNSWSQ(base.dimension, faiss::ScalarQuantizer::QT_8bit, m, metric_of(arguments));
        auto refined = std::make_unique<faiss::IndexRefineFlat>(graph);
        refined->own_fields = true;
        index = std::move(refined);
    } else {
        graph = new faiss::IndexHNSWFlat(base.dimension, m, metric_of(arguments));
        index.reset(graph);
    }
    graph->hnsw.efConstruction = arguments.number("--ef-construction");
    index->train(base.count, base.values.data());
    index->add(base.count, base.values.data());
    report_built(seconds_since(start), threads);
    save_whole(arguments, [&](const std::string& path) { faiss::write_index(index.get(), path.c_str()); });
}

static void search(const Arguments& arguments) {
    Rows queries(arguments, "--queries");
    int k = arguments.number("--k");
    report_memory("before");
    std::unique_ptr<faiss::Index> index(faiss::read_index(arguments.text("--index").c_str()));
    auto* refined = dynamic_cast<faiss::IndexRefine*>(index.get());
    auto* graph = dynamic_cast<faiss::IndexHNSW*>(refined ? refined->base_index : index.get());
    if (!graph) throw std::runtime_error("the index is of another kind");
    auto answer = [&](size_t query, int32_t* rows) {
        thread_local std::vector<float> distances;
        thread_local std::vector<faiss::Index::idx_t> labels;
        thread_local bool single = false;
        if (!single) omp_set_num_threads(1);
        single = true;
        distances.resize(k);
        labels.resize(k);
        index->search(1, queries.row(query), k, distances.data(), labels.data());
        std::copy(labels.begin(), labels.end(), rows);
    };
    sweep(arguments, queries, [&](int ef) {
        graph->hnsw.efSearch = ef;
        if (refined) refined->k_factor = std::min(4.0f, std::max(1.0f, (float)ef / k));
    }, answer, [] { return -1.0; });  // The library does not count distances of single queries.
    report_memory("after");
}

int main(int count, char** words) {
    printf("program name=faiss version=" ANN_PEER_VERSION "\n");
    return guarded(count, words, [](const Arguments& arguments) { arguments.verb == "build" ? build(arguments) : search(arguments); });
}
