// The one hash of Thresh. Partitions, ledger sums and checksums depend on it: it is part of the format.
#pragma once

#include <cstdint>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace thresh {

// XXH3, 64 bits, seed 0. Stable across machines, versions and runs.
inline std::uint64_t hash_bytes(std::string_view bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}
inline std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
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
