#include "core/chunk_pool.hpp"

#include <cstdint>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "core/huge_pages.hpp"
#include "support/catch.hpp"

namespace thresh {
namespace {

constexpr std::size_t kLarge = ChunkPool::kChunkBytes;
constexpr std::size_t kSmall = ChunkPool::kSmallBytes;
constexpr std::size_t kOfBlock = kHugePageBytes / kSmall;

// The blocks that the chunks lie in.
std::set<std::uintptr_t> blocks_of(const std::vector<Chunk>& chunks) {
  std::set<std::uintptr_t> blocks;
  for (const Chunk& chunk : chunks) {
    blocks.insert(reinterpret_cast<std::uintptr_t>(chunk.data()) / kHugePageBytes);
  }
  return blocks;
}

TEST_CASE("small chunks are pieces of others, and no two share a byte") {
  ChunkPool pool;
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i < 300; ++i) {
    chunks.push_back(i % 3 == 0 ? pool.take() : pool.take_small(100));
    Chunk& chunk = chunks.back();
    REQUIRE(chunk.capacity() == (i % 3 == 0 ? kLarge : kSmall));
    std::memset(chunk.extend(chunk.capacity()), static_cast<int>(i % 251), chunk.capacity());
  }
  CHECK(pool.bytes_in_use() == 100 * kLarge + 200 * kSmall);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const std::vector<char> want(chunks[i].capacity(), static_cast<char>(i % 251));
    REQUIRE(std::memcmp(chunks[i].data(), want.data(), want.size()) == 0);
  }
  chunks.clear();
  CHECK(pool.bytes_in_use() == 0);
}

TEST_CASE("a row that is too large for a small chunk gets one that it fits into") {
  ChunkPool pool;
  CHECK(pool.take_small(kSmall).capacity() == kSmall);
  CHECK(pool.take_small(kSmall + 1).capacity() == kLarge);
  CHECK(pool.take_small(kLarge + 1).capacity() == kLarge + 1);
}

TEST_CASE("memory of small chunks becomes large ones again, but for what is in use") {
  ChunkPool pool;
  std::vector<Chunk> small;
  for (std::size_t i = 0; i < 2 * kOfBlock; ++i) small.push_back(pool.take_small(1));
  const std::set<std::uintptr_t> blocks = blocks_of(small);
  REQUIRE(blocks.size() == 2);
  // In any order.
  for (std::size_t i = 0; i < small.size(); i += 2) std::swap(small[i], small[small.size() - 1 - i / 3]);
  const Chunk kept = std::move(small[77]);
  small.clear();
  std::vector<Chunk> large;
  for (std::size_t i = 0; i < 2 * kHugePageBytes / kLarge - 1; ++i) large.push_back(pool.take());
  CHECK(blocks_of(large) == blocks);
  for (const Chunk& chunk : large)
    CHECK((kept.data() < chunk.data() || kept.data() >= chunk.data() + kLarge));
  // What the rest of its chunk is good for.
  std::vector<Chunk> rest;
  for (std::size_t i = 0; i < kLarge / kSmall - 1; ++i) rest.push_back(pool.take_small(1));
  rest.push_back(pool.take_small(1));
  CHECK(blocks_of(rest).size() == 2);
  CHECK(pool.bytes_in_use() == (large.size() * kLarge) + (rest.size() + 1) * kSmall);
}

}  // namespace
}  // namespace thresh
