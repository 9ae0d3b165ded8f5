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

// Runs calls into the engine from inside user code and remembers what the engine threw: that must not be
// blamed on the record or the group at hand, and it is not over when the job catches it.
class EngineCalls {
 public:
  template <class Call>
  decltype(auto) operator()(Call&& call) {
    try {
      return call();
    } catch (...) {
      threw_ = std::current_exception();
      throw;
    }
  }
  bool threw() const noexcept { return threw_ != nullptr; }
  // Where the job's code has returned.
  void rethrow() const {
    if (threw_ != nullptr) [[unlikely]] {
      std::rethrow_exception(threw_);
    }
  }

 private:
  std::exception_ptr threw_;
};

}  // namespace detail

namespace detail {

// What an Emitter needs seldom. It has an object of its own, as its address gets around. What a record
// counted is kept until another one counts, so that nothing has to be looked at where a record ends.
class RecordState {
 public:
  // Borrows the context.
  explicit RecordState(Context& context) : context_(&context) {}

  void count(std::string_view name, std::uint64_t by) {
    if (record_ != at_hand()) finish();
    record_ = at_hand();
    for (Pending& pending : pending_) {
      if (pending.name == name) {
        pending.by += by;
        return;
      }
    }
    pending_.push_back({std::string(name), by});
  }
  void alive() {
    engine_([this] { context_->alive(); });
  }
  const EngineCalls& engine() const noexcept { return engine_; }
  std::string& scratch() noexcept { return scratch_; }

  // No record is at hand any more.
  void finish() {
    for (Pending& pending : pending_) {
      if (pending.by > 0) context_->count(pending.name, pending.by);
      pending.by = 0;
    }
    if (pending_.size() > kKeptNames) pending_.clear();
  }
  // The same, and what the record at hand counted is dropped.
  void rollback() {
    if (record_ == at_hand()) pending_.clear();
    finish();
  }

 private:
  struct Pending {
    std::string name;
    std::uint64_t by;
  };
  static constexpr std::size_t kKeptNames = 16;

  const char* at_hand() const noexcept { return context_->progress().record(); }

  Context* context_;
  EngineCalls engine_;
  const char* record_ = nullptr;  // which counted last, by its begin
  std::vector<Pending> pending_;  // what it counted
  std::string scratch_;
};

}  // namespace detail

// emit(key, value) encodes both into the batch: no call, no allocation. What a record emitted and counted
// takes effect when its map has returned.
template <class Key, class Value>
class Emitter {
 public:
  // Borrows both. Until it is gone the batch is its own.
  Emitter(EmitBatch& batch, detail::RecordState& state) : writer_(batch), state_(&state) {}

  THRESH_INLINE void operator()(Argument<View<Key>> key, Argument<View<Value>> value) {
    using Values = ValueCodec<View<Value>>;
    if constexpr (Values::in_place) {
      add(key, Values::size(value), [&value](char* at) { Values::write(value, at); });
    } else {
      std::string& bytes = state_->scratch();
      bytes.clear();
      Values::append(value, bytes);
      add(key, bytes.size(), [&bytes](char* at) { std::memcpy(at, bytes.data(), bytes.size()); });
    }
  }

  // Adds to a user counter; each record counts exactly once, whatever fails.
  void count(std::string_view name, std::uint64_t by = 1) { state_->count(name, by); }
  // Says that a record which takes long by nature is still being worked on.
  void alive() { state_->alive(); }

  // ---- for the adapter in job.hpp

  THRESH_INLINE void commit() { writer_.commit(); }
  void rollback() {
    writer_.rollback();
    state_->rollback();
  }
  bool engine_threw() const noexcept { return state_->engine().threw(); }

 private:
  template <class WriteValue>
  THRESH_INLINE void add(Argument<View<Key>> key, std::size_t value_size, WriteValue&& write_value) {
    using Keys = Codec<View<Key>>;
    if constexpr (std::is_same_v<View<Key>, std::string_view>) {
      writer_.add(key, value_size, write_value);
    } else {
      writer_.add(
          Keys::size(key), value_size, [&key](char* at) { Keys::write(key, at); }, write_value);
    }
  }

  EmitWriter writer_;
  detail::RecordState* state_;
};

}  // namespace thresh
