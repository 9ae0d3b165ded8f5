// Where a worker's emits go: the open table of its current run.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/chunk_pool.hpp"
#include "core/overflow.hpp"
#include "core/partitioner.hpp"
#include "core/piece_merge.hpp"
#include "core/slice.hpp"
#include "core/task.hpp"
#include "thresh/emit_batch.hpp"
#include "thresh/hash.hpp"
#include "thresh/job_type.hpp"

namespace thresh {

// Who reduces what is handed over.
struct Receivers {
  std::size_t workers = 1;                   // this one included
  std::uint64_t combine_bytes = UINT64_MAX;  // of memory that each has to combine in
};

// Takes emits until it is sealed into a run. Also keeps the books of the split at hand: how many emits it
// made and their sums before combining.
class Collector : public EmitSink {
 public:
  // Bytes that the open table holds.
  virtual std::uint64_t bytes() const noexcept = 0;
  // Turns the table into slices, one a partition, and is empty again. Without a combiner they are loose. Rows
  // that memory has no room for leave it by `overflow`.
  virtual std::vector<Slice> seal(const Overflow& overflow = {}) = 0;

  // Turns the table into staged slices, measured, and is empty again, if it had better be combined and sorted
  // once, by who reduces it. None: seal it.
  virtual std::optional<MeasuredSlices> hand_over(const Receivers&) { return std::nullopt; }

  // Moves what waits to be combined to the store, where it is until the table is sealed; false if it had
  // better be sealed now. Steps as it goes on. REQUIRES: always the same store, which outlives the collector.
  virtual bool spill(SliceStore&, Progress&) { return false; }
  // Bytes that it has there.
  virtual std::uint64_t spilled_bytes() const noexcept { return 0; }

  // Emits and sums since the last call; `split` and `records` are for the caller to fill in.
  SplitSignature take_signature() noexcept { return std::exchange(signature_, SplitSignature{}); }

 protected:
  explicit Collector(const JobType& job) : sum_weights_(job.sum_weights) {}

  // Enters the emits of a batch into the books. A conserved weight is a sum over (key, value) already, so it
  // serves as the hash sum too.
  void count(const EmitBatch& batch) { count(batch, sum_weights_ != nullptr ? sum_weights_(batch) : 0); }
  // The same where the sum of their weights is known.
  void count(const EmitBatch& batch, std::uint64_t weight) {
    signature_.emits += batch.committed();
    if (sum_weights_ != nullptr) {
      signature_.weight += weight;
      signature_.hash_sum = signature_.weight;
      return;
    }
    for (std::size_t i = 0; i < batch.committed(); ++i) {
      const EmitBatch::Emit& emit = batch.emits()[i];
      signature_.hash_sum += hash_bytes(batch.value(emit), emit.hash);
    }
  }
  // The same where the sum of the hashes of (key, value) is known.
  void count_hashed(const EmitBatch& batch, std::uint64_t hash_sum) {
    if (sum_weights_ != nullptr) return count(batch);
    signature_.emits += batch.committed();
    signature_.hash_sum += hash_sum;
  }
  bool weighs() const noexcept { return sum_weights_ != nullptr; }

 private:
  SumWeights sum_weights_;
  SplitSignature signature_;
};

// A hash table if the job combines, else buckets, to be sealed when it holds more than `limit_bytes`. Borrows
// job and pool.
std::unique_ptr<Collector> make_collector(const JobType& job, ChunkPool& pool, Partitioner partitioner,
                                          std::uint64_t limit_bytes = UINT64_MAX);

}  // namespace thresh
