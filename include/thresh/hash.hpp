// The hashes of Thresh. Partitions, ledger sums and checksums depend on them: they are part of the format.
#pragma once

#include <cstdint>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "thresh/short_key.hpp"

namespace thresh {

// XXH3, 64 bits, seed 0. Stable across machines, versions and runs.
inline std::uint64_t hash_bytes(std::string_view bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}
inline std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

namespace detail {

// A call, so that what is around it keeps its registers.
[[gnu::noinline]] inline std::uint64_t hash_long_key(std::string_view key) noexcept {
  return hash_bytes(key);
}

}  // namespace detail

// The hash of a key: which partition it is in, where tables keep it, and what it counts for in the ledger.
//
// Of up to 16 bytes, padded with zeros and read as two little-endian numbers: the halves of their product
// (each xored with a constant, the first with the size too) xored, multiplied once more, and the high half
// folded down. A longer key: XXH3. The branches of XXH3 on the size of a key are mispredicted on words:
// it took 4.6 ns each.
inline std::uint64_t hash_short_key(const ShortKey& key, std::size_t size) noexcept {
  constexpr std::uint64_t kLow = 0xa0761d6478bd642fU;
  constexpr std::uint64_t kHigh = 0xe7037ed1a0b428dbU;
  constexpr std::uint64_t kSize = 0x9e3779b97f4a7c15U;
  constexpr std::uint64_t kLast = 0x8ebc6af09c88c6e3U;
  const Uint128 product =
      static_cast<Uint128>(key.low() ^ kLow ^ (size * kSize)) * static_cast<Uint128>(key.high() ^ kHigh);
  const std::uint64_t folded =
      (static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64)) * kLast;
  return folded ^ (folded >> 32);
}
inline std::uint64_t hash_key(std::string_view key) noexcept {
  if (key.size() > ShortKey::kBytes) return detail::hash_long_key(key);
  return hash_short_key(ShortKey::read(key), key.size());
}
// The same where the begin of the key was read.
[[gnu::always_inline]] inline std::uint64_t hash_key(const ShortKey& head, std::string_view key) noexcept {
  if (key.size() > ShortKey::kBytes) [[unlikely]]
    return detail::hash_long_key(key);
  return hash_short_key(head, key.size());
}

// The partition of a key's hash: the high bits, so that tables may use the low ones.
inline std::uint32_t partition_of(std::uint64_t key_hash, std::uint32_t partitions) noexcept {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint32_t>((static_cast<Wide>(key_hash) * partitions) >> 64);
}

// What one emit or one line of output adds to a conserved weight: linear in the weight, so it is the
// same before and after combining. Sums are taken modulo 2^64.
inline std::uint64_t weigh(std::uint64_t key_hash, std::uint64_t weight) noexcept {
  return (key_hash | 1U) * weight;
}

}  // namespace thresh
