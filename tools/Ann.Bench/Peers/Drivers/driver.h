// What the drivers share: arguments, vector files, memory, the timed sweep, and the lines that Ann.Bench reads from standard output.
//   DRIVER build  --base F --metric M --m N --ef-construction N --threads T --index FILE ...
//   DRIVER search --index FILE --queries F --metric M --k K --ef A,B --threads T --seconds S --answers FILE --latencies FILE ...
// Lines: "program name=... version=...", "built seconds=... threads=...", "memory stage=... rss=... anonymous=... file=...",
// "run ef=... searches=... queries=... seconds=... cpu=... visited=...". Answers: int32 rows, k a query, run after run, nearest first.
// Latencies: float32 microseconds, one a search, run after run.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace driver {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// What this thread has had of a processor, in seconds: waiting for one does not count.
inline double thread_seconds() {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

struct Arguments {
    std::string verb;
    std::map<std::string, std::string> values;

    Arguments(int count, char** words) {
        if (count < 2) throw std::runtime_error("build or search was expected");
        verb = words[1];
        for (int i = 2; i + 1 < count; i += 2) values[words[i]] = words[i + 1];
    }

    const std::string& text(const char* name) const {
        auto found = values.find(name);
        if (found == values.end()) throw std::runtime_error(std::string(name) + " is missing");
        return found->second;
    }

    int number(const char* name) const { return std::stoi(text(name)); }

    std::vector<int> numbers(const char* name) const {
        std::vector<int> list;
        const std::string& all = text(name);
        for (size_t from = 0; from < all.size();) {
            size_t comma = all.find(',', from);
            if (comma == std::string::npos) comma = all.size();
            list.push_back(std::stoi(all.substr(from, comma - from)));
            from = comma + 1;
        }
        return list;
    }

    bool is_l2() const { return text("--metric") == "l2"; }
};

// Rows of an .fbin or .u8bin file as float32.
struct Rows {
    uint32_t count = 0, dimension = 0;
    std::vector<float> values;

    const float* row(size_t i) const { return values.data() + i * dimension; }

    explicit Rows(const Arguments& arguments, const char* name) {
        const std::string& path = arguments.text(name);
        FILE* file = fopen(path.c_str(), "rb");
        if (!file) throw std::runtime_error(path + ": cannot be read");
        if (fread(&count, 4, 1, file) != 1 || fread(&dimension, 4, 1, file) != 1) throw std::runtime_error(path + ": no header");
        values.resize((size_t)count * dimension);
        bool bytes = path.size() > 6 && path.compare(path.size() - 6, 6, ".u8bin") == 0;
        std::vector<uint8_t> line(dimension);
        for (size_t i = 0; i < count; i++) {
            float* target = values.data() + i * dimension;
            bool whole = bytes ? fread(line.data(), 1, dimension, file) == dimension : fread(target, 4, dimension, file) == dimension;
            if (!whole) throw std::runtime_error(path + ": shorter than its header says");
            if (bytes) std::copy(line.begin(), line.end(), target);
        }
        fclose(file);
        if (arguments.text("--metric") == "cosine") normalise();
    }

    void normalise() {
        for (size_t i = 0; i < count; i++) {
            float* target = values.data() + i * dimension;
            double squares = 0;
            for (uint32_t j = 0; j < dimension; j++) squares += (double)target[j] * target[j];
            double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
            for (uint32_t j = 0; j < dimension; j++) target[j] = (float)(target[j] * scale);
        }
    }
};

inline long memory_field(const char* file, const char* name) {
    FILE* status = fopen(file, "r");
    if (!status) return -1;
    char line[256];
    long kilobytes = -1;
    size_t length = strlen(name);
    while (fgets(line, sizeof line, status))
        if (strncmp(line, name, length) == 0) kilobytes = atol(line + length);
    fclose(status);
    return kilobytes < 0 ? -1 : kilobytes * 1024;
}

inline void report_memory(const char* stage) {
    long rss = memory_field("/proc/self/smaps_rollup", "Rss:");
    long anonymous = memory_field("/proc/self/smaps_rollup", "Anonymous:");
    printf("memory stage=%s rss=%ld anonymous=%ld file=%ld\n", stage, rss, anonymous, rss - anonymous);
    fflush(stdout);
}

inline void report_built(double seconds, int threads) {
    printf("built seconds=%.6f threads=%d\n", seconds, threads);
    fflush(stdout);
}

// Runs insert(i) for rows first..count-1 on several threads. Returns the processor time of all of them, in seconds.
template <class Insert> double for_each_row(size_t first, size_t count, int threads, Insert insert) {
    std::atomic<size_t> next{first};
    std::vector<double> seconds(threads);
    auto work = [&](int thread) {
        double start = thread_seconds();
        for (size_t i; (i = next++) < count;) insert(i);
        seconds[thread] = thread_seconds() - start;
    };
    std::vector<std::thread> workers;
    for (int t = 1; t < threads; t++) workers.emplace_back(work, t);
    work(0);
    for (auto& worker : workers) worker.join();
    double all = 0;
    for (double one : seconds) all += one;
    return all;
}

// For each beam width: set(ef); untimed searches to warm up; timed passes over all queries; visited(), a mean a query, untimed.
// search(query, answer) must be safe on several threads and writes k rows, nearest first, -1 where there are fewer.
template <class Set, class Search, class Visited>
void sweep(const Arguments& arguments, const Rows& queries, Set set, Search search, Visited visited) {
    const int k = arguments.number("--k"), threads = arguments.number("--threads");
    const double least = std::stod(arguments.text("--seconds"));
    const size_t count = queries.count;
    std::vector<int32_t> answers(count * k);
    FILE* answer_file = fopen(arguments.text("--answers").c_str(), "wb");
    FILE* latency_file = fopen(arguments.text("--latencies").c_str(), "wb");
    if (!answer_file || !latency_file) throw std::runtime_error("--answers or --latencies cannot be written");

    std::vector<float> latencies;
    double cpu = 0;
    auto run = [&](size_t searches) {
        latencies.assign(searches, 0);
        auto start = Clock::now();
        cpu = for_each_row(0, searches, threads, [&](size_t i) {
            auto began = Clock::now();
            search(i % count, &answers[i % count * k]);
            latencies[i] = (float)(seconds_since(began) * 1e6);
        });
        return seconds_since(start);
    };

    bool warm = false;
    for (int ef : arguments.numbers("--ef")) {
        set(ef);
        auto start = Clock::now();
        double pass;
        do pass = run(count);
        while (!warm && seconds_since(start) < 2 * least);
        warm = true;
        size_t passes = (size_t)std::min(200.0, std::max(1.0, std::ceil(least / pass)));
        double seconds = run(passes * count);
        fwrite(answers.data(), sizeof(int32_t), answers.size(), answer_file);
        fwrite(latencies.data(), sizeof(float), latencies.size(), latency_file);
        printf("run ef=%d searches=%zu queries=%zu seconds=%.9f cpu=%.9f visited=%.3f\n", ef, passes * count, count, seconds, cpu,
               visited());
        fflush(stdout);
    }
    if (fclose(answer_file) != 0 || fclose(latency_file) != 0) throw std::runtime_error("the answers could not be written");
}

// The index appears under its name when it is whole.
template <class Save> void save_whole(const Arguments& arguments, Save save) {
    std::string target = arguments.text("--index"), partial = target + ".partial";
    save(partial);
    if (rename(partial.c_str(), target.c_str()) != 0) throw std::runtime_error(target + ": cannot be written");
}

template <class Body> int guarded(int count, char** words, Body body) {
    try {
        Arguments arguments(count, words);
        body(arguments);
        return 0;
    } catch (const std::exception& e) {
        fprintf(stderr, "%s\n", e.what());
        return 2;
    }
}

}  // namespace driver
