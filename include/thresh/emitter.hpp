// What a job's map emits into.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thresh/context.hpp"
#include "thresh/emit_batch.hpp"
#include "thresh/value_codec.hpp"

namespace thresh {

namespace detail {

// Runs calls into the engine from inside user code and remembers that it was the engine which threw: such
// an exception must not be blamed on the record or the group at hand.
class EngineCalls {
 public:
  template <class Call>
  decltype(auto) operator()(Call&& call) {
    try {
      return call();
    } catch (...) {
      threw_ = true;
      throw;
    }
  }
  bool threw() const noexcept { return threw_; }

 private:
  bool threw_ = false;
};

}  // namespace detail

// emit(key, value) encodes both into the batch: no call, no allocation. What a record emitted and counted
// takes effect when its map has returned.
template <class Key, class Value>
class Emitter {
 public:
  // Borrows both.
  Emitter(EmitBatch& batch, Context& context) : batch_(&batch), context_(&context) {}

  void operator()(Argument<View<Key>> key, Argument<View<Value>> value) {
    using Values = ValueCodec<View<Value>>;
    const std::size_t key_size = Codec<View<Key>>::size(key);
    const auto put_key = [&key](char* at) { return write_key(key, at); };
    if constexpr (Values::in_place) {
      batch_->add(key_size, Values::size(value), put_key, [&value](char* at) { Values::write(value, at); });
    } else {
      scratch_.clear();
      Values::append(value, scratch_);
      batch_->add(key_size, scratch_.size(), put_key,
                  [this](char* at) { std::memcpy(at, scratch_.data(), scratch_.size()); });
    }
  }

  // Adds to a user counter; each record counts exactly once, whatever fails.
  void count(std::string_view name, std::uint64_t by = 1) {
    counted_ = true;
    for (Pending& pending : pending_) {
      if (pending.name == name) {
        pending.by += by;
        return;
      }
    }
    pending_.push_back({std::string(name), by});
  }
  // Says that a record which takes long by nature is still being worked on.
  void alive() {
    engine_([this] { context_->alive(); });
  }

  // ---- for the adapter in job.hpp

  void commit() {
    batch_->commit();
    if (counted_) [[unlikely]] {
      commit_counts();
    }
  }
  void rollback() {
    batch_->rollback();
    pending_.clear();
    counted_ = false;
  }
  bool engine_threw() const noexcept { return engine_.threw(); }

 private:
  struct Pending {
    std::string name;
    std::uint64_t by;
  };
  static constexpr std::size_t kKeptNames = 16;

  static char* write_key(Argument<View<Key>> key, char* at) {
    if constexpr (std::is_same_v<View<Key>, std::string_view>) {
      static_assert(EmitBatch::kSlack >= 16);
      copy_over(at, key.data(), key.size());
      return at + key.size();
    } else {
      return Codec<View<Key>>::write(key, at);
    }
  }

  void commit_counts() {
    for (Pending& pending : pending_) {
      if (pending.by > 0) context_->count(pending.name, pending.by);
      pending.by = 0;
    }
    if (pending_.size() > kKeptNames) pending_.clear();
    counted_ = false;
  }

  EmitBatch* batch_;
  Context* context_;
  detail::EngineCalls engine_;
  std::vector<Pending> pending_;  // counts of the record at hand
  bool counted_ = false;
  std::string scratch_;
};

}  // namespace thresh
