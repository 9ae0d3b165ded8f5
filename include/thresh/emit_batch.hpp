// Where emits wait until the record that made them is done.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace thresh {

class EmitBatch;

// Takes whole batches: one virtual call for some hundred emits.
class EmitSink {
 public:
  virtual ~EmitSink() = default;
  // Takes the first `batch.committed()` emits.
  virtual void take(const EmitBatch& batch) = 0;
};

// Encoded (key, value) pairs in the order of their emission. Emits become part of the run only when their
// record is committed, so a record that throws leaves nothing behind.
class EmitBatch {
 public:
  struct Emit {
    std::uint32_t offset;  // of the key in bytes(); the value follows the key
    std::uint32_t key_size;
    std::uint32_t value_size;
  };

  // Borrows the sink.
  explicit EmitBatch(EmitSink& sink) : sink_(&sink), bytes_(kInitialBytes) { emits_.reserve(2 * kFullEmits); }

  // Bytes behind the room of every emit that may be scribbled on, for copies of a fixed size.
  static constexpr std::size_t kSlack = 16;

  // Room for an emit of these sizes; the caller writes key and value there, in this order, at once.
  char* add(std::size_t key_size, std::size_t value_size) {
    const std::size_t size = key_size + value_size;
    if (used_ + size + kSlack > bytes_.size()) [[unlikely]] {
      grow(size);
    }
    char* at = bytes_.data() + used_;
    emits_.push_back({static_cast<std::uint32_t>(used_), static_cast<std::uint32_t>(key_size),
                      static_cast<std::uint32_t>(value_size)});
    used_ += size;
    return at;
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

  void grow(std::size_t size);  // throws std::length_error past 4 GiB: offsets are 32 bits

  EmitSink* sink_;
  std::vector<char> bytes_;
  std::vector<Emit> emits_;
  std::size_t used_ = 0;
  std::size_t committed_ = 0;
};

inline void EmitBatch::grow(std::size_t size) {
  const std::size_t needed = used_ + size + kSlack;
  if (needed > UINT32_MAX) throw std::length_error("a record emitted more than 4 GiB");
  bytes_.resize(std::max(needed, std::min<std::size_t>(2 * bytes_.size(), UINT32_MAX)));
}

}  // namespace thresh
