// Where emits wait until the record that made them is done.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "thresh/hash.hpp"
#include "thresh/short_key.hpp"

namespace thresh {

// Emitting is a few nanoseconds: a call would be one of them, and compilers do not see that.
#define THRESH_INLINE [[gnu::always_inline]] inline

class EmitBatch;

// Where a sink will look for a key of this hash: base + (hash & mask). The memory is asked for while the key
// waits in the batch.
struct LookUp {
  // Asking for memory that is not there is dear as well.
  static constexpr char kNowhere[64] = {};

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
    std::uint64_t hash;    // hash_key of the key
    std::uint32_t offset;  // of the key, which has kKeyRoom bytes at least; the value follows
    std::uint32_t key_size;
    std::uint32_t value_size;
  };
  // Shorter keys are padded with zeros, so that they are compared without a look at their size.
  static constexpr std::size_t kKeyRoom = ShortKey::kBytes;
  // Bytes behind the room of every emit that may be scribbled on, for copies of a fixed size.
  static constexpr std::size_t kSlack = 16;

  // Where the next emit goes. EmitWriter works on a copy.
  struct Cursor {
    char* at;  // of the bytes
    const char* end;
    Emit* next;
    const Emit* last;
    Emit* committed;  // begin of what is not
    LookUp look_up;
  };

  // Borrows the sink.
  explicit EmitBatch(EmitSink& sink) : sink_(&sink), bytes_(kInitialBytes), emits_(4 * kFullEmits) {
    clear();
  }
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
    clear();
  }

  std::size_t committed() const noexcept {
    return static_cast<std::size_t>(cursor_.committed - emits_.data());
  }
  std::span<const Emit> emits() const noexcept { return {emits_.data(), committed()}; }
  // kSlack bytes behind a value, and kKeyRoom from the begin of a key on, can be read.
  std::string_view key(const Emit& e) const noexcept { return {bytes_.data() + e.offset, e.key_size}; }
  std::string_view value(const Emit& e) const noexcept {
    return {bytes_.data() + e.offset + std::max<std::size_t>(e.key_size, kKeyRoom), e.value_size};
  }

 private:
  friend class EmitWriter;
  static constexpr std::size_t kFullEmits = 64;
  static constexpr std::size_t kFullBytes = 16 << 10;
  static constexpr std::size_t kInitialBytes = 64 << 10;

  void clear() {
    cursor_ = {bytes_.data(), bytes_.data() + bytes_.size(),
               emits_.data(), emits_.data() + emits_.size(),
               emits_.data(), sink_->look_up()};
  }
  bool full() const noexcept {
    return committed() >= kFullEmits || cursor_.at - bytes_.data() >= std::ptrdiff_t{kFullBytes};
  }
  // Both take a cursor and give back another. By value: were the address of a writer's cursor known to
  // anyone, it could not be in registers.
  [[gnu::noinline]] Cursor flushed(Cursor cursor) {
    cursor_ = cursor;
    if (full()) flush();
    return cursor_;
  }
  // With room for an emit of this size. Throws std::length_error past 4 GiB: offsets are 32 bits.
  Cursor grown(Cursor cursor, std::size_t size);

  EmitSink* sink_;
  std::vector<char> bytes_;
  std::vector<Emit> emits_;
  Cursor cursor_;
};

// Appends emits to a batch, which has to be left alone meanwhile. As a local variable its state is in
// registers; members of the batch would be read again after each byte that is written.
class EmitWriter {
 public:
  explicit EmitWriter(EmitBatch& batch)
      : batch_(&batch), cursor_(batch.cursor_), bytes_(batch.bytes_.data()) {
    full_ = batch.emits_.data() + EmitBatch::kFullEmits;
  }
  EmitWriter(const EmitWriter&) = delete;
  EmitWriter& operator=(const EmitWriter&) = delete;
  ~EmitWriter() { batch_->cursor_ = cursor_; }

  // Appends an emit of these sizes: write_key(at) and write_value(at) write key and value. They may scribble
  // on kSlack bytes behind.
  template <class WriteKey, class WriteValue>
  THRESH_INLINE void add(std::size_t key_size, std::size_t value_size, WriteKey&& write_key,
                         WriteValue&& write_value) {
    make_room(key_size, value_size);
    write_key(cursor_.at);
    if (key_size <= EmitBatch::kKeyRoom) [[likely]] {
      add_short({cursor_.at, key_size}, key_size, value_size, write_value);
    } else {
      write_value(cursor_.at + key_size);
      added(hash_long({cursor_.at, key_size}), key_size, key_size, value_size);
    }
  }
  // The same with a key that is there.
  template <class WriteValue>
  THRESH_INLINE void add(std::string_view key, std::size_t value_size, WriteValue&& write_value) {
    make_room(key.size(), value_size);
    if (key.size() <= EmitBatch::kKeyRoom) [[likely]] {
      add_short(ShortKey::read(key), key.size(), value_size, write_value);
    } else {
      std::memcpy(cursor_.at, key.data(), key.size());
      write_value(cursor_.at + key.size());
      added(hash_long(key), key.size(), key.size(), value_size);
    }
  }

  // The record that made the latest emits is done.
  THRESH_INLINE void commit() {
    cursor_.committed = cursor_.next;
    if (cursor_.next >= full_ || cursor_.at - bytes_ >= std::ptrdiff_t{EmitBatch::kFullBytes}) flush();
  }
  // Drops what was emitted since the last commit.
  void rollback() {
    if (cursor_.next == cursor_.committed) return;
    cursor_.at = bytes_ + cursor_.committed->offset;
    cursor_.next = cursor_.committed;
  }

 private:
  THRESH_INLINE void make_room(std::size_t key_size, std::size_t value_size) {
    const std::size_t size = std::max(key_size, EmitBatch::kKeyRoom) + value_size + EmitBatch::kSlack;
    if (size > static_cast<std::size_t>(cursor_.end - cursor_.at) || cursor_.next == cursor_.last)
        [[unlikely]] {
      cursor_ = batch_->grown(cursor_, size);
      look_again();
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
    __builtin_prefetch(cursor_.look_up.base + (hash & cursor_.look_up.mask), 1);
    EmitBatch::Emit& emit = *cursor_.next++;
    emit.hash = hash;
    emit.offset = static_cast<std::uint32_t>(cursor_.at - bytes_);
    emit.key_size = static_cast<std::uint32_t>(key_size);
    emit.value_size = static_cast<std::uint32_t>(value_size);
    cursor_.at += key_room + value_size;
  }
  [[gnu::noinline]] static std::uint64_t hash_long(std::string_view key) { return hash_bytes(key); }
  void flush() {
    cursor_ = batch_->flushed(cursor_);
    look_again();
  }
  void look_again() {
    bytes_ = batch_->bytes_.data();
    full_ = batch_->emits_.data() + EmitBatch::kFullEmits;
  }

  EmitBatch* batch_;
  EmitBatch::Cursor cursor_;
  char* bytes_;
  const EmitBatch::Emit* full_;  // the emit that makes the batch full
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

[[gnu::cold, gnu::noinline]] inline EmitBatch::Cursor EmitBatch::grown(Cursor cursor, std::size_t size) {
  const auto used = static_cast<std::size_t>(cursor.at - bytes_.data());
  const auto emitted = static_cast<std::size_t>(cursor.next - emits_.data());
  const auto committed = static_cast<std::size_t>(cursor.committed - emits_.data());
  if (used + size > bytes_.size()) {
    if (used + size > UINT32_MAX) throw std::length_error("a record emitted more than 4 GiB");
    bytes_.resize(std::max(used + size, std::min<std::size_t>(2 * bytes_.size(), UINT32_MAX)));
  }
  if (emitted == emits_.size()) emits_.resize(2 * emits_.size());
  return {bytes_.data() + used,          bytes_.data() + bytes_.size(), emits_.data() + emitted,
          emits_.data() + emits_.size(), emits_.data() + committed,     cursor.look_up};
}

}  // namespace thresh
