#include "core/merge.hpp"

#include "thresh/hash.hpp"

namespace thresh {

SliceMerge::SliceMerge(const std::vector<const Slice*>& slices, const RowFormat& format,
                       std::size_t stream_bytes) {
  sources_.reserve(slices.size());
  for (const Slice* slice : slices) {
    streams_ = streams_ || slice->stored().size() > 0;
    sources_.push_back({SliceCursor(*slice, format, stream_bytes), {}, 0, false});
    pull(sources_.back());
  }
  if (!sources_.empty()) build();
}

void SliceMerge::pull(Source& source) {
  source.live = source.cursor.next(source.row);
  if (!source.live) return;
  source.prefix = key_prefix(source.row.key);
  rows_ += 1;
  hash_sum_ += hash_bytes(source.cursor.bytes());
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

std::string_view SliceMerge::hold_key() {
  if (!streams_) return row().key;
  held_key_.assign(row().key);
  return held_key_;
}

void SliceMerge::lose() {
  rows_ -= 1;
  hash_sum_ -= hash_bytes(sources_[winner_].cursor.bytes());
  advance();
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
