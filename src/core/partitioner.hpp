// Which partition a key belongs to: by its hash, or, in a job with a total order, by ranges of keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/row.hpp"
#include "thresh/hash.hpp"

namespace thresh {

class Partitioner {
 public:
  // By hash.
  explicit Partitioner(std::uint32_t partitions) noexcept : partitions_(partitions) {}
  // By split points, one fewer than partitions: partition p has the keys from point p - 1 on that are below
  // point p. Without points it is by hash. Throws Error{Internal} for points of another number or out of
  // order.
  Partitioner(std::uint32_t partitions, std::vector<std::string> points);

  std::uint32_t partitions() const noexcept { return partitions_; }

  // `key` is encoded, `key_hash` its hash_key.
  std::uint32_t of(std::uint64_t key_hash, std::string_view key) const noexcept {
    return points_.empty() ? partition_of(key_hash, partitions_) : range_of(key);
  }

 private:
  // The first bits of a key narrow the search down, mostly to one point or none: a table that fits in the
  // nearest cache.
  static constexpr unsigned kIndexBits = 12;

  // How many points are not above the key.
  std::uint32_t range_of(std::string_view key) const noexcept {
    const std::uint64_t prefix = key_prefix(key);
    const auto cell = static_cast<std::size_t>(prefix >> (64 - kIndexBits));
    std::uint32_t from = begins_[cell];
    std::uint32_t to = begins_[cell + 1];
    while (from < to) {
      const std::uint32_t middle = from + (to - from) / 2;
      const std::uint64_t point = prefixes_[middle];
      const bool below = prefix != point ? prefix < point : key < points_[middle];
      if (below) {
        to = middle;
      } else {
        from = middle + 1;
      }
    }
    return from;
  }

  std::uint32_t partitions_;
  std::vector<std::string> points_;      // encoded keys, not falling
  std::vector<std::uint64_t> prefixes_;  // of the points
  std::vector<std::uint32_t> begins_;    // by the first bits: how many points have smaller ones
};

// The points that cut keys into `partitions` ranges of about equal count; some may be equal. All are empty if
// there are no keys.
std::vector<std::string> choose_split_points(const std::vector<std::string>& keys, std::uint32_t partitions);

// Whether these may be the split points of a job: none, or one fewer than partitions and in order.
bool are_split_points(const std::vector<std::string>& points, std::uint32_t partitions) noexcept;

}  // namespace thresh
