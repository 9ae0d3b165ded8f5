#include "core/staged_rows.hpp"

#include <new>
#include <utility>

#include "core/slice.hpp"
#include "thresh/errors.hpp"
#include "thresh/hash.hpp"

namespace thresh {

StagedRows::StagedRows(const JobType& job, ChunkPool& pool, std::size_t buckets)
    : pool_(&pool),
      format_(row_format(job).staged()),
      weight_of_(job.weight),
      heads_(buckets),
      sums_(buckets),
      chunks_(buckets),
      stored_(buckets) {
  if (job.usual_value.size() != sizeof usual_number_) return;
  usual_number_ = load_little<std::uint64_t>(job.usual_value.data());
  has_usual_number_ = true;
}

std::uint64_t StagedRows::hash_sum(std::size_t bucket) const noexcept {
  const std::uint64_t usual = heads_[bucket].usual_hashes;
  return (usual == 0 ? 0 : usual * RowFormat::factor_of(format_.usual().data())) + sums_[bucket].hash_sum;
}

std::uint64_t StagedRows::weight(std::size_t bucket) const {
  const std::uint64_t usual = heads_[bucket].usual_hashes;
  if (weight_of_ == nullptr) return 0;
  return (usual == 0 ? 0 : usual * weight_of_(format_.usual())) + sums_[bucket].weight;
}

std::uint64_t StagedRows::add(std::span<const std::uint32_t> buckets, const EmitBatch::Emit* emits) {
  Head* const heads = heads_.data();
  const bool has_usual = has_usual_number_;
  const std::uint64_t usual = usual_number_;
  std::uint64_t usual_hashes = 0;
  std::uint64_t weight = 0;
  for (const std::uint32_t bucket : buckets) {
    const EmitBatch::Emit& emit = *emits++;
    const std::string_view key = EmitBatch::key(emit);
    const char* const value = EmitBatch::value(emit).data();
    if (has_usual && add_usual(heads[bucket], usual, emit.hash, key, value)) [[likely]] {
      usual_hashes += emit.hash | 1U;
    } else {
      weight += add_any(bucket, emit.hash, key, value);
    }
  }
  return usual_hashes == 0 || weight_of_ == nullptr ? weight
                                                    : weight + usual_hashes * weight_of_(format_.usual());
}

std::uint64_t StagedRows::add_any(std::size_t bucket, std::uint64_t hash, std::string_view key,
                                  const char* value) {
  const std::string_view bytes(value, format_.value_size());
  const std::uint64_t weight = weight_of_ == nullptr ? 0 : weigh(hash, weight_of_(bytes));
  sums_[bucket].hash_sum += format_.hash(hash, bytes);
  sums_[bucket].weight += weight;
  const bool usual = bytes == format_.usual();
  const std::size_t value_size = usual ? 0 : bytes.size();
  const bool is_long = key.size() >= RowFormat::kLongKey;
  const std::size_t size = is_long ? format_.row_size(key, bytes) : 1 + value_size + key.size();
  Head& into = heads_[bucket];
  if (into.room < size + kSlack) make_room(bucket, size);
  char* const at = into.at;
  if (is_long) [[unlikely]] {
    format_.write(at, key, bytes);
  } else {
    *at = static_cast<char>(key.size() | (usual ? RowFormat::kUsual : 0));
    std::memcpy(at + 1, value, value_size);
    copy_readable(at + 1 + value_size, key.data(), key.size());
  }
  into.at = at + size;
  __builtin_prefetch(into.at + 64, 1);
  into.room -= static_cast<std::uint32_t>(size);
  ++into.rows;
  return weight;
}

// Tells it how much of it was written.
void StagedRows::end_last_chunk(std::size_t bucket) noexcept {
  if (chunks_[bucket].empty()) return;
  Chunk& last = chunks_[bucket].back();
  last.extend(static_cast<std::size_t>(heads_[bucket].at - last.data()) - last.used());
}

void StagedRows::make_room(std::size_t bucket, std::size_t size) {
  Head& head = heads_[bucket];
  std::vector<Chunk>& chunks = chunks_[bucket];
  end_last_chunk(bucket);
  sums_[bucket].rows += std::exchange(head.rows, 0);
  chunks.push_back(pool_->take_small(size + kSlack));
  Chunk& chunk = chunks.back();
  if (chunk.capacity() > UINT32_MAX) throw std::bad_alloc();
  bytes_ += chunk.capacity();
  head.at = chunk.data();
  head.room = static_cast<std::uint32_t>(chunk.capacity());
}

std::uint64_t StagedRows::row_bytes(std::size_t bucket) const noexcept {
  std::uint64_t bytes = stored_[bucket].bytes;
  for (const Chunk& chunk : chunks_[bucket]) {
    const bool last = &chunk == &chunks_[bucket].back();
    bytes += last ? static_cast<std::uint64_t>(heads_[bucket].at - chunk.data()) : chunk.used();
  }
  return bytes;
}

void StagedRows::forget_chunks(std::size_t bucket) noexcept {
  for (const Chunk& chunk : chunks_[bucket]) bytes_ -= chunk.capacity();
  chunks_[bucket].clear();
  heads_[bucket].at = nullptr;
  heads_[bucket].room = 0;
}

void StagedRows::drop(std::size_t bucket) noexcept {
  forget_chunks(bucket);
  heads_[bucket].rows = 0;
  heads_[bucket].usual_hashes = 0;
  sums_[bucket] = {};
}

std::vector<Chunk> StagedRows::take_chunks(std::size_t bucket) {
  end_last_chunk(bucket);
  std::vector<Chunk> chunks = std::move(chunks_[bucket]);
  for (const Chunk& chunk : chunks) bytes_ -= chunk.capacity();
  chunks_[bucket].clear();
  drop(bucket);
  return chunks;
}

void StagedRows::spill(SliceStore& store, Progress& progress) {
  for (std::size_t bucket = 0; bucket < heads_.size(); ++bucket) {
    const std::vector<Chunk>& chunks = chunks_[bucket];
    if (chunks.empty()) continue;
    end_last_chunk(bucket);
    Stored& stored = stored_[bucket];
    stored.chunks.append(store, chunks);
    for (const Chunk& chunk : chunks) {
      stored.hashes.push_back(hash_bytes({chunk.data(), chunk.used()}));
      stored.bytes += chunk.used();
      stored_bytes_ += chunk.used();
    }
    forget_chunks(bucket);
    progress.step();
  }
}

void StagedRows::load(std::size_t bucket) {
  Stored& stored = stored_[bucket];
  if (stored.hashes.empty()) return;
  end_last_chunk(bucket);
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i < stored.hashes.size(); ++i) {
    const std::size_t size = stored.chunks.chunk_size(i);
    chunks.push_back(pool_->take_small(size + kSlack));
    Chunk& chunk = chunks.back();
    stored.chunks.read(i, 0, chunk.extend(size), size);
    if (hash_bytes({chunk.data(), size}) != stored.hashes[i]) {
      throw Error(ExitCode::Internal,
                  "rows of a table came back damaged from the scratch directory; nothing was published");
    }
    stored_bytes_ -= size;
    bytes_ += chunk.capacity();
  }
  stored = {};
  // In front of those in memory, of which the last one is open.
  for (Chunk& chunk : chunks_[bucket]) chunks.push_back(std::move(chunk));
  if (chunks_[bucket].empty()) heads_[bucket].at = chunks.back().data() + chunks.back().used();
  chunks_[bucket] = std::move(chunks);
}

}  // namespace thresh
