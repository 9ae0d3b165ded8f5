#include "core/partitioner.hpp"

#include <algorithm>
#include <utility>

#include "core/row_sort.hpp"
#include "thresh/errors.hpp"

namespace thresh {

Partitioner::Partitioner(std::uint32_t partitions, std::vector<std::string> points)
    : partitions_(partitions), points_(std::move(points)) {
  if (points_.empty()) return;
  if (!are_split_points(points_, partitions)) {
    throw Error(ExitCode::Internal, std::to_string(points_.size()) + " split points for " +
                                        std::to_string(partitions) + " partitions, or out of order");
  }
  begins_.assign((std::size_t{1} << kIndexBits) + 1, 0);
  for (const std::string& point : points_) {
    prefixes_.push_back(key_prefix(point));
    ++begins_[(prefixes_.back() >> (64 - kIndexBits)) + 1];
  }
  for (std::size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
}

std::vector<std::string> choose_split_points(const std::vector<std::string>& keys, std::uint32_t partitions) {
  std::vector<RowRef> order;
  order.reserve(keys.size());
  for (const std::string& key : keys) order.push_back({key_prefix(key), reinterpret_cast<const char*>(&key)});
  const auto key_of = [](const char* row) -> std::string_view {
    return *reinterpret_cast<const std::string*>(row);
  };
  SortMemory memory;
  sort_refs(
      std::span(order), key_of, [&](const char* a, const char* b) { return key_of(a) < key_of(b); }, memory);
  std::vector<std::string> points;
  for (std::uint64_t p = 1; p < partitions; ++p) {
    points.emplace_back(order.empty() ? std::string_view()
                                      : key_of(order[order.size() * p / partitions].row));
  }
  return points;
}

bool are_split_points(const std::vector<std::string>& points, std::uint32_t partitions) noexcept {
  return points.empty() || (points.size() + 1 == partitions && std::is_sorted(points.begin(), points.end()));
}

}  // namespace thresh
