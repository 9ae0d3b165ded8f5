// The one source of chance in a simulated run. Not <random>: its distributions differ between libraries.
#pragma once

#include <cstdint>

namespace thresh::simulation {

// splitmix64 (Steele, Lea, Flood 2014).
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

class Rng {
 public:
  explicit Rng(std::uint64_t seed) noexcept : state_(mix(seed)) {}
  std::uint64_t next() noexcept { return mix(state_++ * 0x9E3779B97F4A7C15U); }
  // 0 .. bound - 1; the bias of the remainder does not matter here. REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) noexcept {
    return low + below(high - low + 1);
  }
  bool chance(std::uint64_t per_mille) noexcept { return below(1000) < per_mille; }

 private:
  std::uint64_t state_;
};

}  // namespace thresh::simulation
