// K-way merge of sorted slices into groups of one key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/slice.hpp"
#include "thresh/job_type.hpp"

namespace thresh {

// A tournament of losers (Knuth, The Art of Computer Programming, vol. 3, 5.4.1): one comparison a level
// and row. Rows come in the order of (key, value). Borrows the slices.
class SliceMerge {
 public:
  SliceMerge(const std::vector<const Slice*>& slices, const RowFormat& format);

  bool done() const noexcept { return sources_.empty() || !sources_[winner_].live; }
  // The least row. REQUIRES: !done().
  const Row& row() const noexcept { return sources_[winner_].row; }
  // Moves past it.
  void advance();
  // Moves past it as if it had never arrived: for fault drills.
  void lose();

  // The ledger of what was merged so far, the current row included.
  std::uint64_t rows() const noexcept { return rows_; }
  std::uint64_t hash_sum() const noexcept { return hash_sum_; }

 private:
  struct Source {
    SliceCursor cursor;
    Row row;
    std::uint64_t prefix = 0;
    bool live = false;
  };

  void pull(Source& source);
  bool less(std::size_t a, std::size_t b) const noexcept;
  void build();

  std::vector<Source> sources_;
  std::vector<std::size_t> losers_;  // losers_[i]: who lost the match at inner node i, 1 <= i < k
  std::size_t winner_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t hash_sum_ = 0;
};

// The values of the group that the merge stands at. The group's key lives as long as the slices.
class GroupValues final : public ValueSource {
 public:
  // Borrows the merge. REQUIRES: !merge.done().
  explicit GroupValues(SliceMerge& merge) : merge_(&merge), key_(merge.row().key) {}

  std::string_view key() const noexcept { return key_; }
  bool next(std::string_view& value) override;
  // Moves past the values that nobody took.
  void skip_rest();

 private:
  SliceMerge* merge_;
  std::string_view key_;
  bool started_ = false;
  bool ended_ = false;
};

}  // namespace thresh
