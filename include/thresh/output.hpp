// What a job's reduce writes its lines to.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "thresh/emitter.hpp"
#include "thresh/job_type.hpp"
#include "thresh/text.hpp"

namespace thresh {

// out(key, value) writes the line `key TAB value`. A long line is written in pieces:
//   out.begin(key); out.append(value)...; out.end();
// What to_text makes of several fields (pairs, tuples, arrays) is separated by TABs, in keys too.
// In a job with raw_output there are no lines: out.record(bytes) writes the bytes as they are.
// A line takes its rank for --top from Job::rank(value) if the job has it, else from an arithmetic value.
template <class Job>
class Output {
 public:
  // What it puts texts together in, for the output of the next group to use again.
  struct Buffers {
    std::string text;
    std::string rank;
  };
  // Borrows all four.
  Output(ResultSink& sink, Context& context, detail::EngineCalls& engine, Buffers& buffers)
      : sink_(&sink), context_(&context), engine_(&engine), buffer_(buffers.text), rank_(buffers.rank) {}

  template <class K, class V>
  void operator()(const K& key, const V& value) {
    std::uint64_t weight = 0;
    if constexpr (requires { Job::weight(value); }) {
      weight = Job::weight(value);
    } else {
      static_assert(
          !requires(const typename Job::Value& own) { Job::weight(own); },
          "thresh: a job with a weight writes its own Value: out(key, value), or begin(key) ... "
          "end(rank, weight)");
    }
    constexpr bool kRaw = requires {
      requires Job::raw_output;
    };  // which begin() refuses
    if constexpr (std::is_convertible_v<const K&, std::string_view> && !kRaw) {
      const std::string_view text = text_of(value);
      encode_rank(value);
      engine([&] { sink_->line(key, text, rank_, weight); });
    } else {
      begin(key);
      append(value);
      encode_rank(value);
      engine([&] { sink_->end_line(rank_, weight); });
    }
  }

  template <class K>
  void begin(const K& key) {
    static_assert(
        !requires { requires Job::raw_output; },
        "thresh: a job with raw output writes out.record(bytes), not lines");
    if constexpr (detail::TupleLike<K>) {
      // The first field is the line's key; a TAB in it would be refused.
      std::apply(
          [this](const auto& first, const auto&... others) {
            this->begin(first);
            ((this->append(others), tab_due_ = true), ...);
          },
          key);
    } else if constexpr (requires {
                           { to_text(buffer_, key) } -> std::same_as<detail::FieldsWritten>;
                         } &&
                         !std::is_convertible_v<K, std::string_view>) {
      begin(key.key_fields());
    } else {
      const std::string_view text = text_of(key);
      engine([&] { sink_->key(text); });
      tab_due_ = false;
    }
  }
  // The sink puts a TAB between the key and the first piece.
  template <class V>
  void append(const V& value) {
    const std::string_view text = text_of(value);
    engine([&] {
      if (tab_due_) sink_->append("\t");
      sink_->append(text);
    });
    tab_due_ = false;
  }
  // Ends a line that has no rank.
  void end() {
    engine([this] { sink_->end_line({}, 0); });
  }
  // `rank`: of any type with a Codec; greater is nearer to the top. `weight`: see Job::weight.
  template <class R>
  void end(const R& rank, std::uint64_t weight = 0) {
    rank_.clear();
    if (sink_->takes_ranks()) encode(rank, rank_);
    engine([&] { sink_->end_line(rank_, weight); });
  }

  // The bytes of a record, in one piece or two. REQUIRES: the job declares
  // `static constexpr bool raw_output = true`.
  void record(std::string_view bytes, std::string_view more = {}) {
    static_assert(
        requires { requires Job::raw_output; },
        "thresh: a job that writes records says so: static constexpr bool raw_output = true;");
    engine([&] { sink_->record(bytes, more); });
  }

  // Adds to a user counter; each group counts exactly once, whatever fails.
  void count(std::string_view name, std::uint64_t by = 1) { context_->count(name, by); }
  // REQUIRES: the job declares `static constexpr bool uses_locations = true`.
  Location locate(RecordId id) {
    static_assert(
        requires { requires Job::uses_locations; },
        "thresh: a job that locates records says so: static constexpr bool uses_locations = true;");
    return context_->locate(id);
  }
  void alive() {
    engine([this] { context_->alive(); });
  }

 private:
  template <class Call>
  void engine(Call&& call) {
    (*engine_)(call);
  }

  // Strings as they are; anything else through a buffer.
  template <class V>
  std::string_view text_of(const V& value) {
    if constexpr (std::is_convertible_v<const V&, std::string_view>) {
      return value;
    } else if constexpr (detail::Number<V>) {
      return detail::digits_of(value, digits_);
    } else {
      buffer_.clear();
      to_text(buffer_, value);
      return buffer_;
    }
  }
  template <class V>
  void encode_rank(const V& value) {
    rank_.clear();
    if (!sink_->takes_ranks()) return;
    if constexpr (requires { Job::rank(value); }) {
      encode(Job::rank(value), rank_);
    } else if constexpr (std::is_arithmetic_v<V> && Encodable<V>) {
      encode(value, rank_);
    }
  }

  ResultSink* sink_;
  Context* context_;
  detail::EngineCalls* engine_;
  std::string& buffer_;
  std::string& rank_;
  detail::Digits digits_;
  bool tab_due_ = false;  // between the fields of a key, and after the last one
};

}  // namespace thresh
