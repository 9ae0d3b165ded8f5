#include "core/piece_merge.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/merge.hpp"
#include "thresh/errors.hpp"
#include "thresh/hash.hpp"

namespace thresh {
namespace {

constexpr std::size_t kLeastStreamBytes = 4 << 10;

// Takes the rows of the group that the merge stands at; combines them into one if the job can.
class GroupTaker {
 public:
  explicit GroupTaker(const JobType& job) : job_(&job) {}

  void take(SliceMerge& merge) {
    key_.assign(merge.row().key);
    value_.assign(merge.row().value);
    merge.advance();
    while (job_->combines() && !merge.done() && merge.row().key == key_) {
      if (job_->combine_fixed != nullptr) {
        char* const into = value_.data();
        const char* const from = merge.row().value.data();
        job_->combine_fixed(&into, &from, 1);
      } else {
        job_->combine_bytes(value_, merge.row().value);
      }
      merge.advance();
    }
  }
  const std::string& key() const noexcept { return key_; }
  const std::string& value() const noexcept { return value_; }

 private:
  const JobType* job_;
  std::string key_;
  std::string value_;
};

void check_sums(const std::vector<MeasuredSlices>& pieces, std::size_t partition, const SliceMerge& merge) {
  std::uint64_t rows = 0;
  std::uint64_t hash_sum = 0;
  for (const MeasuredSlices& piece : pieces) {
    rows += piece.sizes[partition].rows;
    hash_sum += piece.sizes[partition].hash_sum;
  }
  if (rows != merge.rows() || hash_sum != merge.hash_sum()) {
    throw Error(ExitCode::Internal,
                "the ledger does not balance: pieces of a table came back from the scratch directory with "
                "other rows; nothing was published");
  }
}

}  // namespace

std::size_t stream_share(std::size_t sources, std::uint64_t total_bytes) noexcept {
  const std::uint64_t share = total_bytes / std::max<std::size_t>(sources, 1);
  return static_cast<std::size_t>(
      std::clamp<std::uint64_t>(share, kLeastStreamBytes, SliceCursor::kStreamBytes));
}

MeasuredSlices measured(std::vector<Slice> slices, const JobType& job, Progress* progress) {
  const RowFormat format = row_format(job);
  MeasuredSlices result;
  for (const Slice& slice : slices) {
    result.sizes.push_back(slice.measure(format, job.weight, &result.weight));
    if (progress != nullptr) progress->step();
  }
  result.slices = std::move(slices);
  return result;
}

MeasuredSlices merge_pieces(std::vector<MeasuredSlices> pieces, const JobType& job, ChunkPool& pool,
                            const Overflow& overflow, std::uint64_t stream_bytes, Progress* progress) {
  const RowFormat format = row_format(job);
  MeasuredSlices merged;
  GroupTaker group(job);
  for (std::size_t p = 0; p < pieces.at(0).slices.size(); ++p) {
    std::vector<const Slice*> sources;
    for (const MeasuredSlices& piece : pieces) sources.push_back(&piece.slices[p]);
    SliceMerge merge(sources, format, stream_share(sources.size(), stream_bytes));
    Slice slice;
    SliceSize size;
    while (!merge.done()) {
      group.take(merge);
      slice.append(pool, format, group.key(), group.value());
      const std::uint64_t key_hash = hash_key(group.key());
      size.rows += 1;
      size.bytes += format.row_size(group.key().size(), group.value().size());
      size.hash_sum += format.hash(key_hash, group.value());
      if (job.weight != nullptr) merged.weight += weigh(key_hash, job.weight(group.value()));
      overflow.relieve_growing(slice);
      if (progress != nullptr) progress->step();
    }
    check_sums(pieces, p, merge);
    overflow.relieve(slice);
    for (MeasuredSlices& piece : pieces) piece.slices[p] = Slice();
    merged.slices.push_back(std::move(slice));
    merged.sizes.push_back(size);
  }
  return merged;
}

}  // namespace thresh
