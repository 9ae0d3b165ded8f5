// The values of one group, as a job's reduce sees them.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "thresh/context.hpp"
#include "thresh/emitter.hpp"
#include "thresh/job_type.hpp"
#include "thresh/value_codec.hpp"

namespace thresh {

// An input range in the order of the encoded bytes, which for values with a Codec is the order of the type.
// It can be read once and need not be read to its end; a group may be larger than memory. String values are
// views that live until the next one is taken.
template <class Value>
class Values {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Decoded<Value>;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    Iterator() = default;
    explicit Iterator(Values& values) : values_(&values) {}

    reference operator*() const { return *values_->value_; }
    pointer operator->() const { return &*values_->value_; }
    Iterator& operator++() {
      values_->advance();
      return *this;
    }
    void operator++(int) { values_->advance(); }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) { return at.done(); }

   private:
    bool done() const noexcept { return !values_->value_.has_value(); }
    Values* values_ = nullptr;
  };

  // Borrows all three.
  Values(ValueSource& source, Context& context, detail::EngineCalls& engine)
      : source_(&source), context_(&context), engine_(&engine) {}
  // Of one value, encoded.
  Values(std::string_view value, Context& context, detail::EngineCalls& engine)
      : source_(nullptr), only_(value), context_(&context), engine_(&engine) {}
  Values(const Values&) = delete;
  Values& operator=(const Values&) = delete;

  // Where reading stands: the first value at the first call.
  Iterator begin() {
    if (!begun_) advance();
    return Iterator(*this);
  }
  std::default_sentinel_t end() const noexcept { return std::default_sentinel; }

 private:
  void advance() {
    std::string_view bytes = only_;
    bool more = !std::exchange(begun_, true);
    if (source_ != nullptr) {
      more = (*engine_)([&] {
        context_->step();
        return source_->next(bytes);
      });
    }
    if (more) {
      value_.emplace((*engine_)([&]() -> Decoded<Value> { return ValueCodec<Decoded<Value>>::read(bytes); }));
    } else {
      value_.reset();
    }
  }

  ValueSource* source_;  // null: only_ is the value
  std::string_view only_;
  Context* context_;
  detail::EngineCalls* engine_;
  std::optional<Decoded<Value>> value_;
  bool begun_ = false;
};

}  // namespace thresh
