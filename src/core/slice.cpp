#include "core/slice.hpp"

#include "thresh/errors.hpp"
#include "thresh/hash.hpp"

namespace thresh {

char* Slice::append(ChunkPool& pool, const RowFormat& format, std::string_view key, std::string_view value) {
  const std::size_t size = format.row_size(key.size(), value.size());
  if (chunks_.empty() || chunks_.back().room() < size) chunks_.push_back(pool.take(size));
  char* at = chunks_.back().extend(size);
  format.write(at, key, value);
  return at;
}

Chunk& Slice::append_chunk(Chunk chunk) {
  return chunks_.emplace_back(std::move(chunk));
}

SliceSize Slice::measure(const RowFormat& format) const {
  SliceSize size;
  for (const Chunk& chunk : chunks_) {
    std::string_view rest(chunk.data(), chunk.used());
    size.bytes += rest.size();
    size.wire_bytes += kWireChunkBytes + rest.size();
    while (!rest.empty()) {
      const std::size_t row = format.checked_size(rest);
      if (row == 0) {
        throw Error(ExitCode::Internal,
                    "a slice of a run does not consist of whole rows: memory or a message is damaged");
      }
      size.hash_sum += hash_bytes(rest.substr(0, row));
      size.rows += 1;
      rest.remove_prefix(row);
    }
  }
  if (!chunks_.empty()) size.wire_bytes += kWireHeaderBytes;
  return size;
}

}  // namespace thresh
