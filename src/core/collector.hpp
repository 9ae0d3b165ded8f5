// Where a worker's emits go: the open table of its current run.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/chunk_pool.hpp"
#include "core/partitioner.hpp"
#include "core/slice.hpp"
#include "core/task.hpp"
#include "thresh/emit_batch.hpp"
#include "thresh/hash.hpp"
#include "thresh/job_type.hpp"

namespace thresh {

// Takes emits until it is sealed into a run. Also keeps the books of the split at hand: how many emits it
// made and their sums before combining.
class Collector : public EmitSink {
 public:
  // Bytes that the open table holds.
  virtual std::uint64_t bytes() const noexcept = 0;
  // Turns the table into sorted slices, one a partition, and is empty again.
  virtual std::vector<Slice> seal() = 0;

  // Emits and sums since the last call; `split` and `records` are for the caller to fill in.
  SplitSignature take_signature() noexcept { return std::exchange(signature_, SplitSignature{}); }

 protected:
  explicit Collector(const JobType& job)
      : weight_(job.weight), sum_weights_(job.sum_weights), value_size_(job.value_size) {}

  // For the ledger. A conserved weight is a sum over (key, value) already, so it serves as the hash sum too.
  void count(std::uint64_t key_hash, std::string_view value) noexcept {
    if (weight_ != nullptr) {
      signature_.weight += weigh(key_hash, weight_(value));
      signature_.hash_sum = signature_.weight;
    } else {
      signature_.hash_sum += hash_bytes(value, key_hash);
    }
  }
  // The same for values of the job's fixed size.
  void count(const std::uint64_t* key_hashes, const char* const* values, std::size_t n) {
    if (sum_weights_ != nullptr) {
      signature_.weight += sum_weights_(key_hashes, values, n);
      signature_.hash_sum = signature_.weight;
      return;
    }
    for (std::size_t i = 0; i < n; ++i) count(key_hashes[i], {values[i], value_size_});
  }
  void count_emits(std::uint64_t emits) noexcept { signature_.emits += emits; }

 private:
  WeightOf weight_;
  SumWeights sum_weights_;
  std::size_t value_size_;
  SplitSignature signature_;
};

// A hash table if the job combines, else buckets. Borrows job and pool.
std::unique_ptr<Collector> make_collector(const JobType& job, ChunkPool& pool, Partitioner partitioner);

}  // namespace thresh
