// Cuts the space of keys into 16 ranges of about equally many, so that what is sorted range by range is
// sorted.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace thresh {

class KeyRanges {
 public:
  static constexpr std::size_t kRanges = 16;

  // Until cut() all keys are in the last range.
  KeyRanges() = default;
  // `prefixes`: of some keys (see key_prefix). Keys that begin alike come into one range.
  void cut(std::vector<std::uint64_t> prefixes) {
    if (prefixes.empty()) return;
    std::sort(prefixes.begin(), prefixes.end());
    for (std::size_t i = 0; i < begins_.size(); ++i)
      begins_[i] = prefixes[(i + 1) * prefixes.size() / kRanges];
  }
  // The least prefix of a range.
  std::uint64_t begin(std::size_t range) const noexcept { return range == 0 ? 0 : begins_[range - 1]; }
  // A binary search without branches.
  std::size_t of(std::uint64_t prefix) const noexcept {
    std::size_t at = 0;
    at += prefix >= begins_[7] ? 8 : 0;
    at += prefix >= begins_[at + 3] ? 4 : 0;
    at += prefix >= begins_[at + 1] ? 2 : 0;
    at += prefix >= begins_[at] ? 1 : 0;
    return at;
  }

 private:
  std::array<std::uint64_t, kRanges - 1> begins_{};  // of all ranges but the first
};

}  // namespace thresh
