#include "core/staged_sweep.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "thresh/errors.hpp"
#include "thresh/hash.hpp"

namespace thresh {
namespace {

constexpr std::size_t kMostScans = 4096;
constexpr std::size_t kMostSampled = 1 << 16;

[[noreturn]] void damaged() {
  throw Error(ExitCode::Internal,
              "a slice of a run does not have the ranges of keys that it came with: memory or a message is "
              "damaged; nothing was published");
}

bool in_order(const StagedRanges& ranges) {
  return std::is_sorted(ranges.ranges.begin(), ranges.ranges.end(),
                        [](const auto& a, const auto& b) { return a.begin.limit() < b.begin.limit(); });
}

}  // namespace

StagedSweep::StagedSweep(const std::vector<const Slice*>& slices, const RowFormat& format,
                         RowCombiner& combiner, std::uint64_t combine_bytes)
    : format_(format.staged()), combiner_(&combiner) {
  bool known = true;
  for (const Slice* slice : slices) {
    known = known && slice->ranges() != nullptr;
    if (known && !in_order(*slice->ranges())) damaged();
    sources_.push_back({slice, known ? *slice->ranges() : StagedRanges{}});
  }
  const std::uint64_t rows =
      std::min(combine_bytes, RowCombiner::kMostBytes) / RowCombiner::bytes_of_row(format.value_size());
  // Who made them saw to it that ranges which belong together fit; what waits is counted twice.
  if (!known || most_rows_of_step() / 2 > rows) cut_anew(rows);
}

KeyLimit StagedSweep::begin_of(std::size_t range) const noexcept {
  KeyLimit least = KeyLimit::end();
  for (const Source& source : sources_) least = std::min(least, source.ranges.ranges[range].begin.limit());
  return least;
}

StagedSweep::Limits StagedSweep::limits_of(std::size_t step) const noexcept {
  return {step == 0 ? KeyLimit() : begin_of(step),
          step + 1 == KeyRanges::kRanges ? KeyLimit::end() : begin_of(step + 1)};
}

// At most: the rows of a range may be part of each step up to the one that ends where they do.
std::uint64_t StagedSweep::most_rows_of_step() const {
  std::array<std::uint64_t, KeyRanges::kRanges> rows{};
  std::array<KeyLimit, KeyRanges::kRanges> ends;
  for (std::size_t step = 0; step < ends.size(); ++step) ends[step] = limits_of(step).end;
  for (const Source& source : sources_) {
    for (std::size_t range = 0; range < KeyRanges::kRanges; ++range) {
      for (std::size_t step = range; step < KeyRanges::kRanges; ++step) {
        rows[step] += source.ranges.ranges[range].rows;
        if (step + 1 == KeyRanges::kRanges) break;
        const KeyBound& next = source.ranges.ranges[range + 1].begin;
        if (next.may_be_cut() ? next.limit() < ends[step] : !(ends[step] < next.limit())) break;
      }
    }
  }
  return *std::max_element(rows.begin(), rows.end());
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
    if (!limits.end.is_behind(head.prefix(), row.key)) {
      waiting_[kept++] = row;
    } else {
      combiner_->add(hash_key(head, row.key), head, row.key, row.value);
    }
  }
  waiting_.resize(kept);
}

void StagedSweep::take(Source& source, const StagedRanges::Range& range, const Limits& limits) {
  std::uint64_t bytes_left = range.bytes;
  std::uint64_t rows_left = range.rows;
  std::uint64_t hash_sum = 0;
  while (rows_left > 0) {
    if (source.at == source.end) {
      if (source.next_chunk == source.slice->chunks().size()) damaged();
      const Chunk& chunk = source.slice->chunks()[source.next_chunk++];
      source.at = chunk.data();
      source.end = source.at + chunk.used();
      continue;
    }
    const char* at = source.at;
    const std::uint64_t here = std::min(bytes_left, static_cast<std::uint64_t>(source.end - at));
    const char* const end = at + here;
    for (; rows_left > 0 && at < end; --rows_left) {
      const Row row = format_.read_staged(at);
      at = row.key.data() + row.key.size();
      if (at > end) damaged();  // there is no room for more
      const ShortKey head(row.key.data(), row.key.size());
      const std::uint64_t hash = hash_key(head, row.key);
      hash_sum += format_.hash(hash, row.value);
      if (limits.holds(head.prefix(), row.key)) [[likely]] {
        combiner_->add(hash, head, row.key, row.value.data());
      } else {
        waiting_.push_back({row.key, row.value.data()});
      }
    }
    bytes_left -= static_cast<std::uint64_t>(at - std::exchange(source.at, at));
    if (bytes_left == 0 && rows_left > 0) damaged();
  }
  if (bytes_left != 0) damaged();
  taken_rows_ += range.rows;
  hash_sum_ += hash_sum;
}

// False for a key of a later range.
inline bool StagedSweep::Limits::holds(std::uint64_t prefix, std::string_view key) const {
  // Nearly all are told by this.
  if (begin.prefix() < prefix && prefix < end.prefix()) [[likely]]
    return true;
  if (begin.is_behind(prefix, key)) damaged();
  return end.is_behind(prefix, key);
}

bool StagedSweep::next_range() {
  while (step_ < KeyRanges::kRanges) {
    const Limits limits = limits_of(step_);
    begin_combining(step_);
    take_waiting(limits);
    for (Source& source : sources_) take(source, source.ranges.ranges[step_], limits);
    ++step_;
    combiner_->finish();
    if (!combiner_->rows().empty()) return true;
  }
  for (const Source& source : sources_) {
    if (source.at != source.end || source.next_chunk != source.slice->chunks().size()) damaged();
  }
  return false;
}

template <typename Use>
void StagedSweep::for_each_row(Use&& use) const {
  for (const Source& source : sources_) {
    for (const Chunk& chunk : source.slice->chunks()) {
      const char* const end = chunk.data() + chunk.used();
      for (const char* at = chunk.data(); at != end;) {
        const Row row = format_.read_staged(at);
        const char* const begin = std::exchange(at, row.key.data() + row.key.size());
        use(row, ShortKey(row.key.data(), row.key.size()), static_cast<std::uint64_t>(at - begin));
      }
    }
  }
}

void StagedSweep::cut_anew(std::uint64_t rows_of_step) {
  KeySample sample(kMostSampled);
  for_each_row([&](const Row& row, const ShortKey&, std::uint64_t) { sample.add(row.key); });
  const std::uint64_t steps =
      std::min<std::uint64_t>(sample.seen() / std::max<std::uint64_t>(rows_of_step, 1) + 1, kMostScans);
  const std::vector<KeyLimit> keys = std::move(sample).sorted();
  scans_.push_back({});
  for (std::uint64_t step = 1; step < steps; ++step) {
    const KeyLimit& begin = keys[step * keys.size() / steps];
    if (scans_.back().begin < begin) scans_.push_back({begin});
  }
  for_each_row([&](const Row& row, const ShortKey& head, std::uint64_t bytes) {
    const std::uint64_t prefix = head.prefix();
    const auto after = std::partition_point(scans_.begin() + 1, scans_.end(), [&](const Scan& scan) {
      return !scan.begin.is_behind(prefix, row.key);
    });
    after[-1].rows += 1;
    after[-1].bytes += bytes;
  });
}

bool StagedSweep::next_scan() {
  while (step_ < scans_.size()) {
    const Scan& step = scans_[step_++];
    if (step.rows == 0) continue;
    const KeyLimit end = step_ == scans_.size() ? KeyLimit::end() : scans_[step_].begin;
    combiner_->begin(step.rows, step.bytes);
    for_each_row([&](const Row& row, const ShortKey& head, std::uint64_t) {
      const std::uint64_t prefix = head.prefix();
      if (step.begin.is_behind(prefix, row.key) || !end.is_behind(prefix, row.key)) return;
      const std::uint64_t hash = hash_key(head, row.key);
      hash_sum_ += format_.hash(hash, row.value);
      combiner_->add(hash, head, row.key, row.value.data());
    });
    taken_rows_ += step.rows;
    combiner_->finish();
    return true;
  }
  return false;
}

bool StagedSweep::next() {
  return scans() ? next_scan() : next_range();
}

}  // namespace thresh
