// Where emits wait until the record that made them is done.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "thresh/hash.hpp"
#include "thresh/short_key.hpp"

namespace thresh {

class EmitBatch;

// Where a sink will look for a key of this hash: base + ((hash & mask) << shift). The memory is asked for
// while the key waits in the batch.
struct LookUp {
  const char* base = nullptr;
  std::uint64_t mask = 0;
  unsigned shift = 0;
};

// Takes whole batches: one virtual call for some hundred emits.
class EmitSink {
 public:
  virtual ~EmitSink() = default;
  // Takes the first `batch.committed()` emits.
  virtual void take(const EmitBatch& batch) = 0;
  // Asked for before the first emit and after each batch.
  virtual LookUp look_up() const { return {}; }
};

// Encoded (key, value) pairs in the order of their emission. Emits become part of the run only when their
// record is committed, so a record that throws leaves nothing behind.
class EmitBatch {
 public:
  struct Emit {
    std::uint64_t hash;    // hash_key of the key
    std::uint32_t offset;  // of the key in bytes(); the value follows the key
    std::uint32_t key_size;
    std::uint32_t value_size;
  };

  // Borrows the sink.
  explicit EmitBatch(EmitSink& sink) : sink_(&sink), bytes_(kInitialBytes), look_up_(sink.look_up()) {
    emits_.reserve(2 * kFullEmits);
  }

  // Bytes behind the room of every emit that may be scribbled on, for copies of a fixed size.
  static constexpr std::size_t kSlack = 16;

  // Appends an emit of these sizes: write_key(at) writes the key and returns where it ends, write_value(at)
  // writes the value there. They may scribble on kSlack bytes behind.
  template <class WriteKey, class WriteValue>
  void add(std::size_t key_size, std::size_t value_size, WriteKey&& write_key, WriteValue&& write_value) {
    const std::size_t size = key_size + value_size;
    if (used_ + size + kSlack > bytes_.size()) [[unlikely]] {
      grow(size);
    }
    char* const key = bytes_.data() + used_;
    char* const value = write_key(key);
    // Before the value is there: a load that needs bytes of two stores waits for both.
    const std::uint64_t hash = hash_in_place(key, key_size);
    write_value(value);
    __builtin_prefetch(look_up_.base + ((hash & look_up_.mask) << look_up_.shift), 1);
    emits_.push_back({hash, static_cast<std::uint32_t>(used_), static_cast<std::uint32_t>(key_size),
                      static_cast<std::uint32_t>(value_size)});
    used_ += size;
  }
  void add(std::string_view key, std::string_view value) {
    const auto write = [](char* at, std::string_view bytes) {
      if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
      return at + bytes.size();
    };
    add(
        key.size(), value.size(), [&](char* at) { return write(at, key); },
        [&](char* at) { write(at, value); });
  }

  // The record that made the latest emits is done.
  void commit() {
    committed_ = emits_.size();
    if (committed_ >= kFullEmits || used_ >= kFullBytes) flush();
  }
  // Drops what was emitted since the last commit.
  void rollback() {
    if (committed_ < emits_.size()) {
      used_ = emits_[committed_].offset;
      emits_.resize(committed_);
    }
  }
  // Hands the committed emits to the sink. REQUIRES: nothing uncommitted.
  void flush() {
    if (committed_ == 0) return;
    sink_->take(*this);
    look_up_ = sink_->look_up();
    emits_.clear();
    used_ = 0;
    committed_ = 0;
  }

  std::size_t committed() const noexcept { return committed_; }
  const std::vector<Emit>& emits() const noexcept { return emits_; }
  std::string_view key(const Emit& e) const noexcept { return {bytes_.data() + e.offset, e.key_size}; }
  std::string_view value(const Emit& e) const noexcept {
    return {bytes_.data() + e.offset + e.key_size, e.value_size};
  }

 private:
  static constexpr std::size_t kFullEmits = 256;
  static constexpr std::size_t kFullBytes = 16 << 10;
  static constexpr std::size_t kInitialBytes = 64 << 10;

  // kSlack bytes behind the key can be read.
  static std::uint64_t hash_in_place(const char* key, std::size_t size) {
    static_assert(kSlack >= ShortKey::kBytes);
    if (size > ShortKey::kBytes) [[unlikely]] {
      return hash_bytes({key, size});
    }
    return hash_short_key({key, size}, size);
  }
  void grow(std::size_t size);  // throws std::length_error past 4 GiB: offsets are 32 bits

  EmitSink* sink_;
  std::vector<char> bytes_;
  std::vector<Emit> emits_;
  LookUp look_up_;
  std::size_t used_ = 0;
  std::size_t committed_ = 0;
};

inline void EmitBatch::grow(std::size_t size) {
  const std::size_t needed = used_ + size + kSlack;
  if (needed > UINT32_MAX) throw std::length_error("a record emitted more than 4 GiB");
  bytes_.resize(std::max(needed, std::min<std::size_t>(2 * bytes_.size(), UINT32_MAX)));
}

}  // namespace thresh
