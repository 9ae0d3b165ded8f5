#include "core/checksum.hpp"

#include <new>

// Not thresh/hash.hpp: that has the functions compiled in.
#include <xxhash.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>  // puts functions that look at the processor in the place of the others
#endif

namespace thresh {

// How large the state is, is the library's business.
struct Checksum::State {
  struct Free {
    void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> xxh3{XXH3_createState()};
};

Checksum::Checksum() : state_(std::make_unique<State>()) {
  if (state_->xxh3 == nullptr) throw std::bad_alloc();
  XXH3_64bits_reset(state_->xxh3.get());
}
Checksum::~Checksum() = default;

void Checksum::add(std::string_view bytes) noexcept {
  XXH3_64bits_update(state_->xxh3.get(), bytes.data(), bytes.size());
}

std::uint64_t Checksum::value() const noexcept {
  return XXH3_64bits_digest(state_->xxh3.get());
}

}  // namespace thresh
