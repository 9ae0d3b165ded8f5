#include "schedule/wave_planner.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <tuple>

namespace thresh::schedule {
namespace {

bool fits(const PartitionBytes& sizes, const PartitionOwners& owners, std::uint64_t wave_bytes) {
  std::map<WorkerId, std::uint64_t> load;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::uint64_t& of_owner = load[owners[i].second];
    if (sizes[i].second > wave_bytes - of_owner) return false;
    of_owner += sizes[i].second;
  }
  return true;
}

PartitionBytes front(const PartitionBytes& sizes, std::size_t count) {
  return PartitionBytes(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

PartitionOwners assign_owners(const PartitionBytes& sizes, const std::vector<WorkerId>& workers) {
  std::vector<std::size_t> order(sizes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return sizes[a].second > sizes[b].second; });
  using Load = std::tuple<std::uint64_t, std::size_t, WorkerId>;  // bytes, partitions, who
  std::set<Load> loads;
  for (const WorkerId worker : workers) loads.insert(Load{0, 0, worker});
  PartitionOwners owners(sizes.size());
  for (const std::size_t i : order) {
    auto [bytes, count, worker] = *loads.begin();
    loads.erase(loads.begin());
    owners[i] = {sizes[i].first, worker};
    loads.insert(Load{bytes + sizes[i].second, count + 1, worker});
  }
  return owners;
}

std::uint64_t usual_wave(std::uint64_t all_bytes, std::size_t workers) noexcept {
  constexpr std::uint64_t kWaves = 8;
  constexpr std::uint64_t kLeast = std::uint64_t{8} << 20;
  constexpr std::size_t kMostWorkers = 1024;
  if (workers < 2 || workers > kMostWorkers) return UINT64_MAX;
  const std::uint64_t part = all_bytes / workers / kWaves;
  return std::max(part + part / 16, kLeast);  // partitions are never quite equal
}

PartitionOwners choose_wave(const PartitionBytes& sizes, const std::vector<WorkerId>& workers,
                            std::uint64_t wave_bytes) {
  PartitionOwners best = assign_owners(sizes, workers);
  if (sizes.empty() || fits(sizes, best, wave_bytes)) return best;
  // The load is not quite monotonic in the number of partitions; every candidate that is taken was tried.
  // One a worker is taken even if it does not fit: an owner writes to scratch what it has no room for, and
  // the others need not wait for it.
  std::size_t good = std::min(sizes.size(), std::max<std::size_t>(workers.size(), 1));
  std::size_t bad = sizes.size();
  best = assign_owners(front(sizes, good), workers);
  while (bad - good > 1) {
    const std::size_t middle = good + (bad - good) / 2;
    const PartitionBytes some = front(sizes, middle);
    PartitionOwners owners = assign_owners(some, workers);
    if (fits(some, owners, wave_bytes)) {
      good = middle;
      best = std::move(owners);
    } else {
      bad = middle;
    }
  }
  return best;
}

Traffic::Traffic(const Holdings& holdings, const PartitionOwners& owners, std::size_t ranks)
    : holdings_(&holdings), owners_(&owners), ranks_(ranks) {
  for (const auto& [partition, owner] : owners) owned_[owner].push_back(partition);
  for (const auto& [owner, partitions] : owned_) {
    std::uint64_t received = 0;
    for (const auto& [holder, bytes] : holdings.holders()) {
      if (holder == owner) continue;
      std::uint64_t pair = 0;
      for (const PartitionId partition : partitions) pair += bytes.at(partition);
      largest_pair_ = std::max(largest_pair_, pair);
      received += pair;
    }
    most_received_ = std::max(most_received_, received);
  }
}

std::vector<std::uint64_t> Traffic::sent_by(WorkerId source) const {
  std::vector<std::uint64_t> sent(ranks_, 0);
  const auto held = holdings_->holders().find(source);
  if (held == holdings_->holders().end()) return sent;
  for (const auto& [partition, owner] : *owners_) sent.at(owner) += held->second.at(partition);
  return sent;
}

std::vector<std::uint64_t> Traffic::received_by(WorkerId owner) const {
  const auto owned = owned_.find(owner);
  if (owned == owned_.end()) return {};
  std::vector<std::uint64_t> received(ranks_, 0);
  for (const auto& [holder, bytes] : holdings_->holders()) {
    for (const PartitionId partition : owned->second) received.at(holder) += bytes.at(partition);
  }
  return received;
}

PartitionBytes uncommitted_bytes(const Job& job) {
  PartitionBytes sizes;
  for (PartitionId partition = 0; partition < job.plan.partitions; ++partition) {
    if (job.parts[partition]) continue;
    sizes.emplace_back(partition, job.holdings.wire_bytes(partition));
  }
  return sizes;
}

std::vector<std::uint64_t> records_before(const Job& job) {
  std::vector<std::uint64_t> before(job.plan.splits.size(), 0);
  for (std::size_t i = 1; i < before.size(); ++i) {
    if (job.plan.splits[i].file == job.plan.splits[i - 1].file) {
      before[i] = before[i - 1] + job.signatures[i - 1].value().records;
    }
  }
  return before;
}

std::vector<std::pair<SplitId, std::string>> first_splits(const JobPlan& plan) {
  std::vector<std::pair<SplitId, std::string>> files;
  for (std::size_t i = 0; i < plan.splits.size(); ++i) {
    if (i == 0 || plan.splits[i].file != plan.splits[i - 1].file) {
      files.emplace_back(static_cast<SplitId>(i), plan.inputs[plan.splits[i].file].path);
    }
  }
  return files;
}

}  // namespace thresh::schedule
