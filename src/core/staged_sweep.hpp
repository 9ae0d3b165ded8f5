// Combines the staged slices of one partition, a range of keys at a time, in order.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/row_combiner.hpp"
#include "core/slice.hpp"
#include "thresh/short_key.hpp"

namespace thresh {

// Each slice was cut into ranges by its maker, by keys that it had seen, so ranges that belong together begin
// at nearly the same keys. A step takes the next range of every slice. It ends where the first of those after
// them begins; the few rows beyond that wait for the next step. What the slices say of their ranges is
// checked: they come from elsewhere.
//
// Where a slice does not know its ranges, or they belong so little together that a step could take more
// memory than there is, all rows are looked at first to cut them anew, and again in each step.
//
// Covers the rows in memory. Borrows all.
class StagedSweep {
 public:
  // `format`: of the job. `combine_bytes`: of memory to combine in, by the number of rows; about twice as
  // much is taken at most.
  StagedSweep(const std::vector<const Slice*>& slices, const RowFormat& format, RowCombiner& combiner,
              std::uint64_t combine_bytes = UINT64_MAX);

  // Combines the next range that has rows; false when all are done. Throws Error{Internal} when the slices
  // do not have the rows that their ranges say.
  bool next();
  // What next() combined, by key, as rows of the job's format. Lives until the next call.
  std::span<const RowRef> rows() const noexcept { return combiner_->rows(); }

  // The ledger of what was taken so far.
  std::uint64_t taken_rows() const noexcept { return taken_rows_; }
  std::uint64_t taken_hash_sum() const noexcept { return hash_sum_; }

  // Whether all rows are looked at in each step.
  bool scans() const noexcept { return !scans_.empty(); }

 private:
  struct Source {
    const Slice* slice;
    StagedRanges ranges;
    std::size_t next_chunk = 0;
    const char* at = nullptr;
    const char* end = nullptr;  // of the chunk at hand
  };
  struct Waiting {
    std::string_view key;
    const char* value;
  };
  // Of the keys that a step combines.
  struct Limits {
    KeyLimit begin;
    KeyLimit end;

    bool holds(std::uint64_t prefix, std::string_view key) const;
  };
  // A step in which all rows are looked at.
  struct Scan {
    KeyLimit begin;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
  };

  KeyLimit begin_of(std::size_t range) const noexcept;
  std::uint64_t most_rows_of_step() const;
  Limits limits_of(std::size_t step) const noexcept;
  void begin_combining(std::size_t step);
  void take(Source& source, const StagedRanges::Range& range, const Limits& limits);
  void take_waiting(const Limits& limits);
  bool next_range();

  template <typename Use>
  void for_each_row(Use&& use) const;
  void cut_anew(std::uint64_t rows_of_step);
  bool next_scan();

  RowFormat format_;  // staged
  RowCombiner* combiner_;
  std::vector<Source> sources_;
  std::vector<Waiting> waiting_;
  std::vector<Scan> scans_;  // the steps, if all rows are looked at in each
  std::size_t step_ = 0;
  std::uint64_t taken_rows_ = 0;
  std::uint64_t hash_sum_ = 0;
};

}  // namespace thresh
