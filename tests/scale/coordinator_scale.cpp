// How many events a second one coordinator handles, and what memory it takes, at a size that no test cluster
// has: the real machines of a job against workers that answer at once.
//   coordinator_scale [--workers W] [--splits S] [--partitions P] [--runs R] [--waves N] [--locations 0|1]
// MPI and files are not in these figures; encoding and decoding of messages is, that of the workers too.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "scale/model_cluster.hpp"
#include "schedule/job_graph.hpp"

namespace {

using namespace thresh::scale;

bool parse(int argc, char** argv, Shape& shape) {
  std::map<std::string_view, std::uint64_t> values;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc) return false;
    char* end = nullptr;
    values[argv[i]] = std::strtoull(argv[i + 1], &end, 10);
    if (*end != '\0') return false;
  }
  const auto take = [&](std::string_view name, auto& into) {
    const auto at = values.find(name);
    if (at == values.end()) return;
    into = static_cast<std::decay_t<decltype(into)>>(at->second);
    values.erase(at);
  };
  take("--workers", shape.workers);
  take("--splits", shape.splits);
  take("--partitions", shape.partitions);
  take("--runs", shape.runs);
  take("--waves", shape.waves);
  take("--locations", shape.locations);
  return values.empty() && shape.workers > 0 && shape.partitions > 0 && shape.runs > 0 && shape.waves > 0;
}

double mb(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e6;
}

void print(const PhaseCost& cost) {
  std::printf("%-10s %11llu %11llu %9.2f %9.2f %11.0f %11.1f %11.1f %9.0f %9.0f\n", cost.name.c_str(),
              static_cast<unsigned long long>(cost.events), static_cast<unsigned long long>(cost.commands),
              cost.seconds, cost.cpu, static_cast<double>(cost.events) / cost.cpu, mb(cost.bytes_in),
              mb(cost.bytes_out), mb(cost.resident_bytes), mb(cost.peak_bytes));
}

}  // namespace

int main(int argc, char** argv) {
  Shape shape;
  if (!parse(argc, argv, shape)) {
    std::fprintf(
        stderr,
        "usage: coordinator_scale [--workers W] [--splits S] [--partitions P] [--runs R] [--waves N] "
        "[--locations 0|1]\n");
    return 64;
  }
  thresh::schedule::Job job = make_job(shape);
  ModelCluster cluster(shape, job);
  const thresh::schedule::JobEnd end = thresh::schedule::run_job(job, cluster);
  std::printf("%-10s %11s %11s %9s %9s %11s %11s %11s %9s %9s\n", "phase", "events", "commands", "wall s",
              "CPU s", "events/s", "MB in", "MB out", "MB", "MB peak");
  PhaseCost all;
  all.name = "all";
  for (const PhaseCost& cost : cluster.costs()) {
    print(cost);
    all.events += cost.events;
    all.commands += cost.commands;
    all.seconds += cost.seconds;
    all.cpu += cost.cpu;
    all.bytes_in += cost.bytes_in;
    all.bytes_out += cost.bytes_out;
    all.resident_bytes = cost.resident_bytes;
    all.peak_bytes = std::max(all.peak_bytes, cost.peak_bytes);
  }
  print(all);
  std::printf("of it the model: %.0f MB; waves: %llu; rounds: %llu\n", mb(cluster.own_bytes()),
              static_cast<unsigned long long>(job.metrics.shuffle().waves),
              static_cast<unsigned long long>(job.metrics.shuffle().rounds));
  if (end.action == thresh::schedule::Action::Published) return 0;
  std::fprintf(stderr, "the job was not published: %s\n",
               end.failure ? end.failure->what.c_str() : "no reason given");
  return 1;
}
