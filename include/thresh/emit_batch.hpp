// Where emits wait until the record that made them is done.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "thresh/hash.hpp"
#include "thresh/short_key.hpp"

namespace thresh {

// Emitting is a few nanoseconds: a call would be one of them, and compilers do not see that.
#define THRESH_INLINE [[gnu::always_inline]] inline

class EmitBatch;

// Where a sink will look for a key of this hash first: base + (hash & mask). The memory is asked for while
// the key waits in the batch, and the next 64 bytes too: that line is looked at for one key in three of a
// table that is 40 % full, and half of the time for combining was waiting for it.
struct LookUp {
  // Asking for memory that is not there is dear as well.
  static constexpr char kNowhere[128] = {};

  const char* base = kNowhere;
  std::uint64_t mask = 0;
};

// Takes whole batches: one virtual call for some dozens of emits.
class EmitSink {
 public:
  virtual ~EmitSink() = default;
  // Takes the committed emits.
  virtual void take(const EmitBatch& batch) = 0;
  // Asked for before the first emit and after each batch.
  virtual LookUp look_up() const { return {}; }
};

// Encoded (key, value) pairs in the order of their emission. Emits become part of the run only when their
// record is committed, so a record that throws leaves nothing behind.
class EmitBatch {
 public:
  struct Emit {
    std::uint64_t hash;  // hash_key of the key
    const char* key;     // has kKeyRoom bytes at least; the value follows
    std::uint32_t key_size;
    std::uint32_t value_size;
  };
  // Shorter keys are padded with zeros, so that they are compared without a look at their size.
  static constexpr std::size_t kKeyRoom = ShortKey::kBytes;
  // Bytes behind the room of every emit that may be scribbled on, for copies of a fixed size.
  static constexpr std::size_t kSlack = 16;

  // Where the next emit goes. EmitWriter works on a copy. It is small, so that it fits into registers: there
  // is one bound.
  struct Cursor {
    char* at;  // of the bytes
    // From here on the batch is to be flushed. An emit may end up to kSpare bytes behind.
    const char* full;
    Emit* next;
    Emit* committed;  // begin of what is not
    LookUp look_up;
  };

  // Borrows the sink.
  explicit EmitBatch(EmitSink& sink) : sink_(&sink) { begin_anew(); }
  EmitBatch(const EmitBatch&) = delete;
  EmitBatch& operator=(const EmitBatch&) = delete;

  // One emit, and what EmitWriter does.
  void add(std::string_view key, std::string_view value);
  void commit();
  void rollback();
  // Hands the committed emits to the sink. REQUIRES: nothing uncommitted.
  void flush() {
    if (committed() == 0) return;
    sink_->take(*this);
    if (bytes_.size() > kMostKept) [[unlikely]]
      return begin_anew();
    // The next one is full with as many bytes as kFullEmits emits of this one have.
    const auto bytes = static_cast<std::size_t>(cursor_.at - bytes_.data());
    start(std::min(kFullBytes, kFullEmits * (bytes / committed())));
  }

  std::size_t committed() const noexcept {
    return static_cast<std::size_t>(cursor_.committed - emits_.get());
  }
  std::span<const Emit> emits() const noexcept { return {emits_.get(), committed()}; }
  // kSlack bytes behind a value, and kKeyRoom from the begin of a key on, can be read.
  static std::string_view key(const Emit& e) noexcept { return {e.key, e.key_size}; }
  // The first 8 bytes of the key as a number that orders like them.
  static std::uint64_t key_prefix(const Emit& e) noexcept { return ShortKey::padded(e.key).prefix(); }
  static std::string_view value(const Emit& e) noexcept {
    return {e.key + std::max<std::size_t>(e.key_size, kKeyRoom), e.value_size};
  }

 private:
  friend class EmitWriter;
  static constexpr std::size_t kFullEmits = 64;  // about
  static constexpr std::size_t kFullBytes = 16 << 10;
  static constexpr std::size_t kSpare = 16 << 10;
  static constexpr std::size_t kInitialBytes = kFullBytes + kSpare;
  static constexpr std::size_t kMostKept = std::size_t{4} << 20;  // after a record that emitted more

  // An empty batch, full with so many bytes.
  void start(std::size_t full) {
    cursor_ = {bytes_.data(), bytes_.data() + full, emits_.get(), emits_.get(), sink_->look_up()};
  }
  // Both take a cursor and give back another. By value: were the address of a writer's cursor known to
  // anyone, it could not be in registers.
  [[gnu::noinline]] Cursor flushed(Cursor cursor) {
    cursor_ = cursor;
    flush();
    return cursor_;
  }
  [[gnu::noinline]] void begin_anew() {
    bytes_ = std::vector<char>(kInitialBytes);
    emits_ = std::make_unique_for_overwrite<Emit[]>(kInitialBytes / kKeyRoom);
    start(kFullEmits * kKeyRoom);
  }
  // With room for an emit of this size. Throws std::length_error past 4 GiB: sizes are 32 bits.
  Cursor grown(Cursor cursor, std::size_t size);

  EmitSink* sink_;
  std::vector<char> bytes_;
  std::unique_ptr<Emit[]> emits_;  // as many as may be in the bytes
  Cursor cursor_;
};

// Appends emits to a batch, which has to be left alone meanwhile. As a local variable its state is in
// registers; members of the batch would be read again after each byte that is written.
class EmitWriter {
 public:
  explicit EmitWriter(EmitBatch& batch) : batch_(&batch), cursor_(batch.cursor_) {}
  EmitWriter(const EmitWriter&) = delete;
  EmitWriter& operator=(const EmitWriter&) = delete;
  ~EmitWriter() { batch_->cursor_ = cursor_; }

  // Appends an emit of these sizes: write_key(at) and write_value(at) write key and value. They may scribble
  // on kSlack bytes behind.
  template <class WriteKey, class WriteValue>
  THRESH_INLINE void add(std::size_t key_size, std::size_t value_size, WriteKey&& write_key,
                         WriteValue&& write_value) {
    if (key_size <= EmitBatch::kKeyRoom) [[likely]] {
      make_room(EmitBatch::kKeyRoom + value_size);
      write_key(cursor_.at);
      add_short({cursor_.at, key_size}, key_size, value_size, write_value);
    } else {
      make_room(key_size + value_size);
      write_key(cursor_.at);
      write_value(cursor_.at + key_size);
      added(detail::hash_long_key({cursor_.at, key_size}), key_size, key_size, value_size);
    }
  }
  // The same with a key that is there.
  template <class WriteValue>
  THRESH_INLINE void add(std::string_view key, std::size_t value_size, WriteValue&& write_value) {
    if (key.size() - 1 < EmitBatch::kKeyRoom) [[likely]] {
      make_room(EmitBatch::kKeyRoom + value_size);
      add_short(ShortKey::read(key), key.size(), value_size, write_value);
    } else if (key.empty()) {
      make_room(EmitBatch::kKeyRoom + value_size);
      add_short(ShortKey(), 0, value_size, write_value);
    } else {
      make_room(key.size() + value_size);
      std::memcpy(cursor_.at, key.data(), key.size());
      write_value(cursor_.at + key.size());
      added(detail::hash_long_key(key), key.size(), key.size(), value_size);
    }
  }

  // The record that made the latest emits is done.
  THRESH_INLINE void commit() {
    cursor_.committed = cursor_.next;
    if (cursor_.at >= cursor_.full) cursor_ = batch_->flushed(cursor_);
  }
  // Drops what was emitted since the last commit.
  void rollback() {
    if (cursor_.next == cursor_.committed) return;
    cursor_.at = const_cast<char*>(cursor_.committed->key);
    cursor_.next = cursor_.committed;
    cursor_.full = std::min<const char*>(cursor_.full, cursor_.at);  // it may have been a large record
  }

 private:
  // For the bytes of an emit.
  THRESH_INLINE void make_room(std::size_t bytes) {
    const std::size_t size = bytes + EmitBatch::kSlack;
    if (cursor_.at - cursor_.full > static_cast<std::ptrdiff_t>(EmitBatch::kSpare - size)) [[unlikely]] {
      cursor_ = batch_->grown(cursor_, size);
    }
  }
  template <class WriteValue>
  THRESH_INLINE void add_short(const ShortKey& key, std::size_t key_size, std::size_t value_size,
                               WriteValue&& write_value) {
    key.store(cursor_.at);
    write_value(cursor_.at + EmitBatch::kKeyRoom);
    added(hash_short_key(key, key_size), key_size, EmitBatch::kKeyRoom, value_size);
  }
  THRESH_INLINE void added(std::uint64_t hash, std::size_t key_size, std::size_t key_room,
                           std::size_t value_size) {
    const char* const slot = cursor_.look_up.base + (hash & cursor_.look_up.mask);
    __builtin_prefetch(slot, 1);
    __builtin_prefetch(slot + 64, 1);
    EmitBatch::Emit& emit = *cursor_.next++;
    emit.hash = hash;
    emit.key = cursor_.at;
    emit.key_size = static_cast<std::uint32_t>(key_size);
    emit.value_size = static_cast<std::uint32_t>(value_size);
    cursor_.at += key_room + value_size;
  }

  EmitBatch* batch_;
  EmitBatch::Cursor cursor_;
};

inline void EmitBatch::add(std::string_view key, std::string_view value) {
  EmitWriter(*this).add(key, value.size(), [&](char* at) {
    if (!value.empty()) std::memcpy(at, value.data(), value.size());
  });
}
inline void EmitBatch::commit() {
  EmitWriter(*this).commit();
}
inline void EmitBatch::rollback() {
  EmitWriter(*this).rollback();
}

[[gnu::noinline]] inline EmitBatch::Cursor EmitBatch::grown(Cursor cursor, std::size_t size) {
  const auto used = static_cast<std::size_t>(cursor.at - bytes_.data());
  const auto emitted = static_cast<std::size_t>(cursor.next - emits_.get());
  const auto committed = static_cast<std::size_t>(cursor.committed - emits_.get());
  if (used + size > bytes_.size()) {
    constexpr std::size_t kMost = UINT32_MAX;
    if (used + size > kMost) throw std::length_error("a record emitted more than 4 GiB");
    const std::size_t bytes = std::max(used + size, std::min(2 * bytes_.size(), kMost));
    // An emit takes kKeyRoom bytes or more, so each has a place. Those that are not used are not touched.
    auto emits = std::make_unique_for_overwrite<Emit[]>(bytes / kKeyRoom);
    const char* const before = bytes_.data();
    bytes_.resize(bytes);
    std::copy_n(emits_.get(), emitted, emits.get());
    for (std::size_t i = 0; i < emitted; ++i) emits[i].key = bytes_.data() + (emits[i].key - before);
    emits_ = std::move(emits);
  }
  cursor.at = bytes_.data() + used;
  // Behind this emit at least, so that the batch is flushed with its record.
  cursor.full = std::min(cursor.at + size - kSpare / 2, bytes_.data() + bytes_.size() - kSpare);
  cursor.next = emits_.get() + emitted;
  cursor.committed = emits_.get() + committed;
  return cursor;
}

}  // namespace thresh
