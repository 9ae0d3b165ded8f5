#include "core/staged_sweep.hpp"

#include <algorithm>
#include <utility>

#include "thresh/errors.hpp"
#include "thresh/hash.hpp"

namespace thresh {
namespace {

[[noreturn]] void damaged() {
  throw Error(ExitCode::Internal,
              "a slice of a run does not have the ranges of keys that it came with: memory or a message is "
              "damaged; nothing was published");
}

std::uint64_t hash_of(const ShortKey& head, std::string_view key) noexcept {
  return key.size() > ShortKey::kBytes ? hash_bytes(key) : hash_short_key(head, key.size());
}

}  // namespace

StagedSweep::StagedSweep(const std::vector<const Slice*>& slices, const RowFormat& format,
                         RowCombiner& combiner)
    : format_(format.staged()), combiner_(&combiner) {
  for (const Slice* slice : slices) sources_.push_back({slice, known_ranges(*slice)});
}

// A slice that does not know its ranges has one.
StagedRanges StagedSweep::known_ranges(const Slice& slice) const {
  if (slice.ranges() != nullptr) return *slice.ranges();
  StagedRanges all;
  for (StagedRanges::Range& range : all.ranges) range.begin = UINT64_MAX;
  StagedRanges::Range& first = all.ranges.front();
  first.begin = 0;
  for (const Chunk& chunk : slice.chunks()) {
    first.bytes += chunk.used();
    for (const char* at = chunk.data(); at != chunk.data() + chunk.used(); ++first.rows) {
      const Row row = format_.read_staged(at);
      at = row.key.data() + row.key.size();
    }
  }
  return all;
}

StagedSweep::Limits StagedSweep::limits_of(std::size_t step) const noexcept {
  const auto begin = [this](std::size_t range) {
    std::uint64_t least = UINT64_MAX;
    for (const Source& source : sources_) least = std::min(least, source.ranges.ranges[range].begin);
    return least;
  };
  if (step + 1 == KeyRanges::kRanges) return {begin(step), 0, true};
  return {step == 0 ? 0 : begin(step), begin(step + 1), false};
}

void StagedSweep::begin_combining(std::size_t step) {
  std::uint64_t rows = waiting_.size();
  std::uint64_t bytes = 0;
  for (const Waiting& row : waiting_) bytes += row.key.size();
  for (const Source& source : sources_) {
    const StagedRanges::Range& range = source.ranges.ranges[step];
    std::uint64_t there = 0;
    for (const Chunk& chunk : source.slice->chunks()) there += chunk.used();
    if (range.bytes > there || range.rows > there) damaged();  // a row has a byte at least
    rows += range.rows;
    bytes += range.bytes;
  }
  combiner_->begin(rows, bytes);
}

void StagedSweep::take_waiting(const Limits& limits) {
  std::size_t kept = 0;
  for (const Waiting& row : waiting_) {
    const ShortKey head(row.key.data(), row.key.size());
    if (!limits.before_end(head.prefix())) {
      waiting_[kept++] = row;
    } else {
      combiner_->add(hash_of(head, row.key), head, row.key, row.value);
    }
  }
  waiting_.resize(kept);
}

void StagedSweep::take(Source& source, std::uint64_t rows, const Limits& limits) {
  std::uint64_t bytes = 0;
  std::uint64_t hash_sum = 0;
  const char* at = source.at;
  for (std::uint64_t left = rows; left > 0; --left) {
    if (at == source.end) {
      if (source.next_chunk == source.slice->chunks().size()) damaged();
      const Chunk& chunk = source.slice->chunks()[source.next_chunk++];
      at = chunk.data();
      source.end = at + chunk.used();
    }
    const Row row = format_.read_staged(at);
    const char* const begin = std::exchange(at, row.key.data() + row.key.size());
    bytes += static_cast<std::uint64_t>(at - begin);
    const ShortKey head(row.key.data(), row.key.size());
    const std::uint64_t hash = hash_of(head, row.key);
    hash_sum += format_.hash(hash, row.value);
    const std::uint64_t prefix = head.prefix();
    if (prefix < limits.begin) damaged();
    if (limits.before_end(prefix)) [[likely]] {
      combiner_->add(hash, head, row.key, row.value.data());
    } else {
      waiting_.push_back({row.key, row.value.data()});
    }
  }
  source.at = at;
  if (bytes != source.ranges.ranges[step_].bytes) damaged();
  taken_rows_ += rows;
  hash_sum_ += hash_sum;
}

bool StagedSweep::next() {
  while (step_ < KeyRanges::kRanges) {
    const Limits limits = limits_of(step_);
    begin_combining(step_);
    take_waiting(limits);
    for (Source& source : sources_) take(source, source.ranges.ranges[step_].rows, limits);
    ++step_;
    combiner_->finish();
    if (!combiner_->rows().empty()) return true;
  }
  for (const Source& source : sources_) {
    if (source.at != source.end || source.next_chunk != source.slice->chunks().size()) damaged();
  }
  return false;
}

}  // namespace thresh
