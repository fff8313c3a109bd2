// hnswlib as its users call it: one HierarchicalNSW of float32 rows, searchKnn, the queue emptied into an array.
#include "driver.h"
#include <hnswlib/hnswlib.h>
#include <memory>
#include <sys/mman.h>

using namespace driver;

static hnswlib::DISTFUNC<float> plain_distance;
static size_t evaluations;

static float counting_distance(const void* a, const void* b, const void* dimension) {
    evaluations++;
    return plain_distance(a, b, dimension);
}

static std::unique_ptr<hnswlib::SpaceInterface<float>> space_of(const Arguments& arguments, size_t dimension) {
    if (arguments.is_l2()) return std::make_unique<hnswlib::L2Space>(dimension);
    return std::make_unique<hnswlib::InnerProductSpace>(dimension);
}

// Moves rows and links of level 0 to huge pages: the library itself does not ask for them.
static void use_huge_pages(hnswlib::HierarchicalNSW<float>& index) {
    const size_t page = 2 << 20;
    size_t used = index.cur_element_count * index.size_data_per_element_;
    size_t size = (index.max_elements_ * index.size_data_per_element_ + page - 1) / page * page;
    char* rows = (char*)std::aligned_alloc(page, size);
    if (!rows || madvise(rows, size, MADV_HUGEPAGE) != 0) throw std::runtime_error("there are no huge pages");
    memcpy(rows, index.data_level0_memory_, used);
    free(index.data_level0_memory_);
    index.data_level0_memory_ = rows;
}

static void build(const Arguments& arguments) {
    Rows base(arguments, "--base");
    int threads = arguments.number("--threads");
    auto space = space_of(arguments, base.dimension);
    auto start = Clock::now();
    hnswlib::HierarchicalNSW<float> index(space.get(), base.count, arguments.number("--m"), arguments.number("--ef-construction"));
    index.addPoint(base.row(0), 0);
    for_each_row(1, base.count, threads, [&](size_t i) { index.addPoint(base.row(i), i); });
    report_built(seconds_since(start), threads);
    save_whole(arguments, [&](const std::string& path) { index.saveIndex(path); });
}

static void search(const Arguments& arguments) {
    Rows queries(arguments, "--queries");
    size_t k = arguments.number("--k");
    auto space = space_of(arguments, queries.dimension);
    report_memory("before");
    hnswlib::HierarchicalNSW<float> index(space.get(), arguments.text("--index"));
    if (arguments.text("--engine") == "hnswlib-huge") use_huge_pages(index);
    auto answer = [&](size_t query, int32_t* rows) {
        auto found = index.searchKnn(queries.row(query), k);
        std::fill(rows + found.size(), rows + k, -1);
        for (size_t i = found.size(); i-- > 0; found.pop()) rows[i] = (int32_t)found.top().second;
    };
    plain_distance = index.fstdistfunc_;
    std::vector<int32_t> ignored(k);
    sweep(arguments, queries, [&](int ef) { index.setEf(ef); }, answer, [&] {
        index.fstdistfunc_ = counting_distance;
        evaluations = 0;
        for (size_t i = 0; i < queries.count; i++) answer(i, ignored.data());
        index.fstdistfunc_ = plain_distance;
        return (double)evaluations / queries.count;
    });
    report_memory("after");
}

int main(int count, char** words) {
    printf("program name=hnswlib version=" ANN_PEER_VERSION "\n");
    return guarded(count, words, [](const Arguments& arguments) { arguments.verb == "build" ? build(arguments) : search(arguments); });
}
