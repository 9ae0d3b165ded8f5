// K-way merge of slices into groups of one key.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/row_sort.hpp"
#include "core/slice.hpp"
#include "core/staged_sweep.hpp"
#include "thresh/job_type.hpp"

namespace thresh {

// What a merge works with, for the next one to use again.
struct MergeMemory {
  std::vector<RowRef> refs;                  // to loose rows
  SortMemory sorting;                        // of these
  std::optional<RowCombiner> combiner;       // of staged rows; in a job that has some
  std::uint64_t combine_bytes = UINT64_MAX;  // for staged rows

  // Gives back what is large: the next merge may be in another phase.
  void tidy();
};

// A tournament of losers (Knuth, The Art of Computer Programming, vol. 3, 5.4.1): one comparison a level
// and row. Rows come in the order of (key, value). What is in order takes part as it is; the loose rows in
// memory are sorted together, through references of 16 bytes each, and the staged ones in memory combined.
// Borrows the slices.
class SliceMerge {
 public:
  // `format`: of the job. `stream_bytes`: buffer of a slice that is in a store. `memory`, which is
  // borrowed, may be null where no slice is staged.
  SliceMerge(const std::vector<const Slice*>& slices, const RowFormat& format,
             std::size_t stream_bytes = SliceCursor::kStreamBytes, MergeMemory* memory = nullptr);
  ~SliceMerge();

  SliceMerge(const SliceMerge&) = delete;
  SliceMerge& operator=(const SliceMerge&) = delete;

  bool done() const noexcept { return sources_.empty() || !sources_[winner_].live; }
  // The least row, which lives until advance(). REQUIRES: !done().
  const Row& row() const noexcept { return sources_[winner_].row; }
  // The key of the least row, until the next call: rows that are in memory stay where they are, but those
  // that come from a store are gone with the next one.
  std::string_view hold_key() {
    // Of what is combined a range of keys stays, until the next row is of another one.
    const Source& source = sources_[winner_];
    const bool last_of_range = source.swept && source.sorted == source.sorted_end;
    if (!streams_ && !last_of_range) return source.row.key;
    held_key_.assign(source.row.key);
    return held_key_;
  }
  // Whether the least row has this key, the prefix of which is known.
  bool at_key(std::uint64_t prefix, std::string_view key) const noexcept {
    const Source& source = sources_[winner_];
    return source.live && source.prefix == prefix && source.row.key.size() == key.size() &&
           (key.size() <= sizeof prefix || source.row.key == key);
  }
  std::uint64_t prefix() const noexcept { return sources_[winner_].prefix; }
  // Of the key of the least row.
  std::uint64_t key_hash() const noexcept { return sources_[winner_].key_hash; }
  // Moves past it.
  void advance();
  // Moves past it as if it had never arrived: for fault drills.
  void lose();

  // Moves past the least rows, as long as each has a key of its own, and tells them as groups; they live
  // until the next call. None if the least one has not, or rows come from several sources: they are asked for
  // one by one, as above, which costs four times as much.
  std::size_t take_singles(std::span<SingleGroup> groups);
  // As if it had never arrived: for fault drills.
  void lose(const SingleGroup& group) noexcept;

  // The ledger of what was merged so far, the current row included; of staged rows, what was combined.
  std::uint64_t rows() const noexcept { return rows_ + (sweep_ ? sweep_->taken_rows() : 0); }
  std::uint64_t hash_sum() const noexcept { return hash_sum_ + (sweep_ ? sweep_->taken_hash_sum() : 0); }

 private:
  struct Source {
    explicit Source(SliceCursor rows) : cursor(std::move(rows)) {}

    SliceCursor cursor;
    bool swept = false;              // it is what was staged
    const RowRef* sorted = nullptr;  // to what was loose or staged, instead of the cursor
    const RowRef* sorted_end = nullptr;
    Row row;
    std::uint64_t prefix = 0;
    std::uint64_t key_hash = 0;
    bool live = false;
  };

  void add(const Slice& slice, std::size_t begin, std::size_t end, std::size_t stream_bytes);
  void add_loose(const Slice& slice);
  void pull(Source& source);
  bool pull_combined(Source& source);
  std::size_t take_loose(Source& source, std::span<SingleGroup> groups);
  std::size_t take_combined(Source& source, std::span<SingleGroup> groups);
  bool less(std::size_t a, std::size_t b) const noexcept;
  void build();

  RowFormat format_;
  MergeMemory* memory_;
  std::vector<Source> sources_;
  std::vector<RowRef> loose_;
  std::optional<StagedSweep> sweep_;
  std::vector<std::size_t> losers_;  // losers_[i]: who lost the match at inner node i, 1 <= i < k
  std::size_t winner_ = 0;
  bool streams_ = false;  // a slice is in a store
  std::string held_key_;
  std::string held_row_;
  std::uint64_t rows_ = 0;
  std::uint64_t hash_sum_ = 0;
};

// The values of the group that the merge stands at. The group's key lives until the next one is made.
class GroupValues final : public ValueSource {
 public:
  // Borrows the merge. REQUIRES: !merge.done().
  explicit GroupValues(SliceMerge& merge) : merge_(&merge), key_(merge.hold_key()), prefix_(merge.prefix()) {}

  std::string_view key() const noexcept { return key_; }
  bool next(std::string_view& value) override;
  // Moves past the values that nobody took.
  void skip_rest();

 private:
  SliceMerge* merge_;
  std::string_view key_;
  std::uint64_t prefix_;
  bool started_ = false;
  bool ended_ = false;
};

}  // namespace thresh
