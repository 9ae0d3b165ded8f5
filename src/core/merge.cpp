#include "core/merge.hpp"

#include <algorithm>
#include <utility>

#include "core/release.hpp"
#include "thresh/hash.hpp"

namespace thresh {

namespace {

constexpr std::size_t kAhead = 32;  // rows that are asked for before they are needed

}  // namespace

SliceMerge::SliceMerge(const std::vector<const Slice*>& slices, const RowFormat& format,
                       std::size_t stream_bytes, MergeMemory* memory)
    : format_(format), memory_(memory) {
  if (memory_ != nullptr) loose_.swap(memory_->refs);
  loose_.clear();
  sources_.reserve(slices.size() + 2);
  std::vector<const Slice*> staged;
  for (const Slice* slice : slices) {
    streams_ = streams_ || slice->stored().size() > 0;
    if (!slice->loose()) {
      add(*slice, 0, slice->chunk_count(), stream_bytes);
      continue;
    }
    std::size_t begin = 0;
    for (const std::size_t end : slice->sorted_to()) {
      add(*slice, std::exchange(begin, end), end, stream_bytes);
    }
    if (slice->staged()) {
      staged.push_back(slice);
    } else {
      add_loose(*slice);
    }
  }
  if (!loose_.empty()) {
    SortMemory own;
    sort_rows(loose_, format_, memory_ != nullptr ? memory_->sorting : own);
    const std::size_t rows = loose_.size();
    loose_.resize(rows + kAhead, loose_.back());  // what is asked for at the end
    add(*slices.front(), 0, 0, 0);
    sources_.back().sorted = loose_.data();
    sources_.back().sorted_end = loose_.data() + rows;
  }
  if (!staged.empty()) {
    sweep_.emplace(staged, format_, memory_->combiner.value(), memory_->combine_bytes);
    add(*slices.front(), 0, 0, 0);
    sources_.back().swept = true;
  }
  for (Source& source : sources_) pull(source);
  if (!sources_.empty()) build();
}

SliceMerge::~SliceMerge() {
  if (memory_ == nullptr) return;
  loose_.swap(memory_->refs);
  memory_->tidy();
}

void MergeMemory::tidy() {
  const std::uint64_t most = combine_bytes / 4;
  if (refs.capacity() * sizeof(RowRef) > most) release(refs);
  if (sorting.bytes() > most) sorting = {};
  if (combiner) combiner->keep_at_most(most);
}

void SliceMerge::add(const Slice& slice, std::size_t begin, std::size_t end, std::size_t stream_bytes) {
  sources_.emplace_back(SliceCursor(slice, format_, stream_bytes, begin, end));
}

// Where a row ends is read from it, and where the next one begins follows from that, so that each waits for
// memory in its turn. Here a branch guesses that it is as long as the one before, and the next one is read
// meanwhile: 0.11 to 0.06 s a worker of terasort.
void SliceMerge::add_loose(const Slice& slice) {
  const RowFormat format = slice.format(format_);
  std::size_t size = 0;
  for (const Chunk& chunk : slice.chunks()) {
    const char* const end = chunk.data() + chunk.used();
    for (const char* at = chunk.data(); at != end; at += size) {
      const Row row = format.read(at);
      loose_.push_back({key_prefix(row.key), at});
      const auto found = static_cast<std::size_t>(row.key.data() + row.key.size() - at);
      std::size_t difference = found - size;
      __asm__("" : "+r"(difference));  // compilers that know what it is do without the guess
      if (difference != 0) [[unlikely]] {
        size = found;
        __asm__ volatile("" : "+r"(size));
      }
    }
  }
}

// False at the end.
bool SliceMerge::pull_combined(Source& source) {
  if (source.sorted == source.sorted_end) {
    if (!sweep_->next()) return false;
    source.sorted = sweep_->rows().data();
    source.sorted_end = source.sorted + sweep_->rows().size();
  }
  source.prefix = source.sorted->prefix;
  source.row = format_.read(source.sorted++->row);
  source.key_hash = hash_key(source.row.key);
  return true;
}

void SliceMerge::pull(Source& source) {
  if (source.swept) {
    source.live = pull_combined(source);
    return;
  }
  if (source.sorted != nullptr) {
    source.live = source.sorted != source.sorted_end;
    if (!source.live) return;
    const RowRef& next = *source.sorted;
    // They lie anywhere in the partition. The second-level cache is enough, and more can be under way to it
    // than to the first: 0.56 to 0.52 s to reduce, a worker of terasort.
    const char* const soon = source.sorted[kAhead].row;
    __builtin_prefetch(soon, 0, 2);
    __builtin_prefetch(soon + 64, 0, 2);
    __builtin_prefetch(soon + 128, 0, 2);
    ++source.sorted;
    source.row = format_.read(next.row);
    source.prefix = next.prefix;
  } else {
    source.live = source.cursor.next(source.row);
    if (!source.live) return;
    source.prefix = key_prefix(source.row.key);
  }
  rows_ += 1;
  source.key_hash = hash_key(source.row.key);
  hash_sum_ += format_.hash(source.key_hash, source.row.value);
}

// A source at its end is greater than any row; ties go to the source that was given first.
bool SliceMerge::less(std::size_t a, std::size_t b) const noexcept {
  const Source& left = sources_[a];
  const Source& right = sources_[b];
  if (!left.live || !right.live) return left.live || (!right.live && a < b);
  if (left.prefix != right.prefix) return left.prefix < right.prefix;
  constexpr std::size_t kPrefixBytes = sizeof left.prefix;
  if (left.row.key.size() <= kPrefixBytes && right.row.key.size() <= kPrefixBytes) {
    if (left.row.key.size() != right.row.key.size()) return left.row.key.size() < right.row.key.size();
  } else if (const int keys = left.row.key.compare(right.row.key); keys != 0) {
    return keys < 0;
  }
  const int values = left.row.value.compare(right.row.value);
  return values != 0 ? values < 0 : a < b;
}

void SliceMerge::build() {
  const std::size_t k = sources_.size();
  losers_.assign(k, 0);
  // Node i has the children 2i and 2i + 1; the nodes k .. 2k-1 are the sources.
  std::vector<std::size_t> winners(2 * k);
  for (std::size_t i = 0; i < k; ++i) winners[k + i] = i;
  for (std::size_t node = k - 1; node >= 1; --node) {
    const std::size_t a = winners[2 * node];
    const std::size_t b = winners[2 * node + 1];
    const bool first = less(a, b);
    winners[node] = first ? a : b;
    losers_[node] = first ? b : a;
  }
  winner_ = winners[1];
}

void SliceMerge::advance() {
  pull(sources_[winner_]);
  for (std::size_t node = (winner_ + sources_.size()) / 2; node >= 1; node /= 2) {
    if (less(losers_[node], winner_)) std::swap(losers_[node], winner_);
  }
}

void SliceMerge::lose() {
  const Source& source = sources_[winner_];
  lose({source.row.key, source.row.value, source.key_hash});
  advance();
}

void SliceMerge::lose(const SingleGroup& group) noexcept {
  rows_ -= 1;
  if (!sources_[winner_].swept) hash_sum_ -= format_.hash(group.key_hash, group.value);
}

std::size_t SliceMerge::take_singles(std::span<SingleGroup> groups) {
  if (sources_.size() != 1 || done()) return 0;
  Source& source = sources_[0];
  if (source.swept) return take_combined(source, groups);
  return source.sorted != nullptr ? take_loose(source, groups) : 0;
}

std::size_t SliceMerge::take_loose(Source& source, std::span<SingleGroup> groups) {
  std::size_t taken = 0;
  for (; source.live && taken < groups.size(); ++taken) {
    const RowRef* const next = source.sorted;
    if (next != source.sorted_end && next->prefix == source.prefix &&
        format_.read(next->row).key == source.row.key) {
      break;
    }
    groups[taken] = {source.row.key, source.row.value, source.key_hash};
    pull(source);
  }
  return taken;
}

// Each key is there once. Rows are asked for ahead, as they lie in the order in which keys came: reducing
// many distinct words, s a worker: 0.80 to 0.78.
std::size_t SliceMerge::take_combined(Source& source, std::span<SingleGroup> groups) {
  if (source.sorted == source.sorted_end) {  // the last of a range, which goes when the next one is combined
    const Row row = source.row;
    held_row_.assign(row.key).append(row.value);
    const std::string_view held = held_row_;
    groups[0] = {held.substr(0, row.key.size()), held.substr(row.key.size()), source.key_hash};
    source.live = pull_combined(source);
    return 1;
  }
  constexpr std::ptrdiff_t kRowsAhead = 16;
  std::size_t taken = 0;
  Row row = source.row;
  std::uint64_t key_hash = source.key_hash;
  const RowRef* next = source.sorted;
  for (; taken < groups.size() && next != source.sorted_end; ++next) {
    groups[taken++] = {row.key, row.value, key_hash};
    __builtin_prefetch(next[std::min(kRowsAhead, source.sorted_end - next - 1)].row);
    row = format_.read(next->row);
    key_hash = hash_key(row.key);
  }
  source.row = row;
  source.key_hash = key_hash;
  source.prefix = next[-1].prefix;
  source.sorted = next;
  return taken;
}

bool GroupValues::next(std::string_view& value) {
  if (ended_) return false;
  if (started_) {
    merge_->advance();
    if (!merge_->at_key(prefix_, key_)) {
      ended_ = true;
      return false;
    }
  }
  started_ = true;
  value = merge_->row().value;
  return true;
}

void GroupValues::skip_rest() {
  for (std::string_view value; next(value);) {
  }
}

}  // namespace thresh
