// How a job is written: a small struct, and THRESH_JOB. This header is all that it needs.
//
//   struct WordCount {
//     using Key = std::string;           // needs an order-preserving codec: see codec.hpp
//     using Value = std::uint64_t;       // see value_codec.hpp
//     static constexpr thresh::JobInfo info{"wordcount", "1", "counts words", "..."};
//
//     void map(const thresh::Line& line, auto& emit) const;          // emit(key, value)
//     static Value combine(Value a, Value b);                        // optional
//     void reduce(std::string_view key, thresh::Values<Value>& values, auto& out) const;  // out(key, value)
//   };
//   THRESH_JOB(WordCount);
//
// map sees a line at a time, in any order, on any rank; a line that it cannot use is a thresh::BadRecord.
// What it emits must depend on the line alone. emit.count("name") counts, emit.alive() shows progress
// (emitter.hpp). combine must be associative and commutative, in the encoded bytes too; it may be used never
// or often. reduce gets each key once, a string key as std::string_view (or const std::string&). See
// values.hpp, output.hpp.
//
// Optional:
//   static std::uint64_t weight(const Value&);       conserved: linear under combine modulo 2^64, and each
//                                                    group's lines carry the weight of its values
//   static R rank(const V&);                         the rank of a line for --top, from what out() was given
//   static constexpr bool uses_locations = true;     reduce calls out.locate(record id)
//   static constexpr std::size_t record_bytes = 100; records are so many bytes each, not lines:
//                                                    void map(const thresh::Record& record, auto& emit) const
//   static constexpr bool total_order = true;        parts are ranges of keys: one after the other they are
//                                                    sorted. map runs on a sample of the input first
//   static constexpr bool raw_output = true;         reduce calls out.record(bytes): they are written as they
//                                                    are, without TAB and LF; parts are .bin, or .txt if the
//                                                    input is lines
//   static OtherJob with_key(thresh::KeyColumns);    the job that --key makes of this one, of the same name
#pragma once

#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "thresh/errors.hpp"
#include "thresh/fixed_bytes.hpp"  // IWYU pragma: export
#include "thresh/hash.hpp"
#include "thresh/job_checks.hpp"
#include "thresh/job_type.hpp"
#include "thresh/lines.hpp"
#include "thresh/slots.hpp"
#include "thresh/words.hpp"  // IWYU pragma: export

namespace thresh {
namespace detail {

// Called where a record's map threw.
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_record_failed(std::size_t offset) {
  try {
    throw;
  } catch (const BadRecord& error) {
    throw RecordFailed(offset, error.what());
  } catch (const Error& error) {
    throw RecordFailed(offset, error.what());
  } catch (const std::bad_alloc&) {
    throw;  // says nothing about the record
  } catch (const std::exception& error) {
    throw RecordFailed(offset, std::string("map threw an exception: ") + error.what());
  } catch (...) {
    throw RecordFailed(offset, "map threw something that is no std::exception");
  }
}

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_combined_too_large() {
  throw Error(ExitCode::BadData, "what combine() made of the values of a key has more than 4 GiB");
}

// Called where a group's reduce threw.
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_group_failed(std::string_view key) {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const BadRecord& error) {
    throw Error(ExitCode::BadData, "key " + quoted(key) + ": " + error.what());
  } catch (const std::exception& error) {
    throw Error(ExitCode::Internal, "key " + quoted(key) + ": reduce threw an exception: " + error.what());
  } catch (...) {
    throw Error(ExitCode::Internal,
                "key " + quoted(key) + ": reduce threw something that is no std::exception");
  }
}

template <class Job>
class JobMapper final : public Mapper {
 public:
  explicit JobMapper(const Job& job) : job_(job) {}

  std::uint64_t map_block(std::string_view block, RecordId first, EmitBatch& emits,
                          Context& context) override {
    RecordState state(context);
    const std::uint64_t records = map_records(block, first, emits, state, context.progress());
    state.engine().rethrow();
    state.finish();
    return records;
  }

 private:
  using Emit = Emitter<typename Job::Key, typename Job::Value>;

  THRESH_INLINE std::uint64_t map_records(std::string_view block, RecordId first, EmitBatch& emits,
                                          RecordState& state, Progress& progress) {
    Emit emit(emits, state);
    const char* const begin = block.data();
    InputRecord<Job> record{{}, first};
    if constexpr (HasRecordBytes<Job>) {
      const char* const end = begin + block.size();
      for (const char* at = begin; at != end; at += Job::record_bytes) {
        record.bytes = std::string_view(at, Job::record_bytes);
        map_one(record, at, begin, emit, progress);
        ++record.id.record;
      }
      return block.size() / Job::record_bytes;
    } else {
      return for_each_line(block, [&](std::string_view text) {
        record.text = text;
        map_one(record, text.data(), begin, emit, progress);
        ++record.id.record;
      });
    }
  }

  THRESH_INLINE void map_one(const InputRecord<Job>& record, const char* at, const char* begin, Emit& emit,
                             Progress& progress) {
    progress.at_record(at);
    try {
      job_.map(record, emit);
    } catch (...) {
      emit.rollback();
      if (emit.engine_threw()) throw;
      throw_record_failed(static_cast<std::size_t>(at - begin));
    }
    emit.commit();
  }

  const Job job_;
};

template <class Job>
class JobReducer final : public Reducer {
 public:
  explicit JobReducer(const Job& job) : job_(job) {}

  void reduce(std::string_view key, ValueSource& source, ResultSink& sink, Context& context) override {
    EngineCalls engine;
    Values<typename Job::Value> values(source, context, engine);
    reduce_group(key, values, sink, context, engine);
  }
  void reduce_singles(std::span<const SingleGroup> groups, ResultSink& sink, Context& context) override {
    EngineCalls engine;
    for (const SingleGroup& group : groups) {
      sink.begin_group(group.key, group.key_hash);
      Values<typename Job::Value> values(group.value, context, engine);
      reduce_group(group.key, values, sink, context, engine);
      context.step();
    }
  }

 private:
  THRESH_INLINE void reduce_group(std::string_view key, Values<typename Job::Value>& values, ResultSink& sink,
                                  Context& context, EngineCalls& engine) {
    using Key = typename Job::Key;
    Output<Job> out(sink, context, engine, buffers_);
    const auto decoded = Codec<Decoded<Key>>::read(key);
    try {
      if constexpr (requires { job_.reduce(decoded, values, out); }) {
        job_.reduce(decoded, values, out);
      } else {
        job_.reduce(static_cast<Key>(decoded), values, out);
      }
    } catch (...) {
      if (engine.threw()) throw;
      std::string shown;
      if constexpr (requires { to_text(shown, decoded); }) to_text(shown, decoded);
      throw_group_failed(shown);
    }
    engine.rethrow();
    if (buffers_.text.capacity() > kMostKept) [[unlikely]] {
      std::string().swap(buffers_.text);  // to assign one keeps the memory
    }
  }

  static constexpr std::size_t kMostKept = std::size_t{1} << 20;  // of one text

  const Job job_;
  typename Output<Job>::Buffers buffers_;
};

template <class Job>
void combine_fixed(char* const* into, const char* const* from, std::size_t n) {
  using Value = ValueCodec<typename Job::Value>;
  for (std::size_t i = 0; i < n; ++i) {
    Value::write(
        Job::combine(Value::read({into[i], Value::fixed_size}), Value::read({from[i], Value::fixed_size})),
        into[i]);
  }
}
template <class Value>
std::string_view encoded_one() {
  static const std::string encoded = [] {
    std::string bytes;
    Value::append(1, bytes);
    return bytes;
  }();
  return encoded;
}
template <class Job>
void combine_bytes(std::string& into, std::string_view from) {
  using Value = ValueCodec<typename Job::Value>;
  auto combined = Job::combine(Value::read(into), Value::read(from));
  std::string bytes;  // what was combined may be a view of `into`
  Value::append(combined, bytes);
  into.swap(bytes);
  if (into.size() > UINT32_MAX) throw_combined_too_large();  // sizes of rows have 32 bits
}
template <class Job>
std::uint64_t weight_of(std::string_view value) {
  return Job::weight(ValueCodec<typename Job::Value>::read(value));
}
// Flat: a call for each value that is decoded is what most of its time could go to.
template <class Job>
[[gnu::flatten]] std::uint64_t combine_batch(Slots& slots, const EmitBatch& batch,
                                             std::vector<std::uint32_t>& left) {
  using Value = ValueCodec<typename Job::Value>;
  constexpr std::size_t kSize = Value::fixed_size;
  return combine_into_slots<kSize>(
      slots, batch, left,
      [](char* into, const char* from) {
        Value::write(Job::combine(Value::read({into, kSize}), Value::read({from, kSize})), into);
      },
      [](std::uint64_t hash, const char* value) -> std::uint64_t {
        if constexpr (HasWeight<Job>) return weigh(hash, weight_of<Job>({value, kSize}));
        return 0;
      });
}
template <class Job>
std::uint64_t sum_weights(const EmitBatch& batch) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < batch.committed(); ++i) {
    const EmitBatch::Emit& emit = batch.emits()[i];
    sum += weigh(emit.hash, weight_of<Job>(batch.value(emit)));
  }
  return sum;
}

}  // namespace detail

// Erases the types of a job. Each mapper and reducer has a copy of `job`.
template <class Job>
JobType make_job_type(const Job& job = {}) {
  JobType type;
  if constexpr (detail::job_is_sound<Job>()) {
    using Value = ValueCodec<typename Job::Value>;
    type.name = Job::info.name;
    type.version = Job::info.version;
    type.summary = Job::info.summary;
    type.details = Job::info.details;
    type.value_size = Value::fixed_size;
    if constexpr (detail::HasCombine<Job>) {
      if constexpr (Value::fixed_size > 0) {
        type.combine_fixed = &detail::combine_fixed<Job>;
        if constexpr (std::is_integral_v<typename Job::Value>)
          type.usual_value = detail::encoded_one<Value>();
        if constexpr (slot_bytes(Value::fixed_size) > 0) type.combine_batch = &detail::combine_batch<Job>;
      } else {
        type.combine_bytes = &detail::combine_bytes<Job>;
      }
    }
    if constexpr (detail::HasWeight<Job>) {
      type.weight = &detail::weight_of<Job>;
      type.sum_weights = &detail::sum_weights<Job>;
    }
    if constexpr (requires { Job::uses_locations; }) type.uses_locations = Job::uses_locations;
    if constexpr (detail::HasRecordBytes<Job>) type.record_bytes = Job::record_bytes;
    type.total_order = detail::total_order<Job>();
    if constexpr (detail::raw_output<Job>()) type.part_extension = type.record_bytes > 0 ? "bin" : "txt";
    if constexpr (requires(const KeyColumns& key) { Job::with_key(key); }) {
      type.with_key = [](const KeyColumns& key) { return make_job_type(Job::with_key(key)); };
    }
    type.make_mapper = [job] { return std::make_unique<detail::JobMapper<Job>>(job); };
    type.make_reducer = [job] { return std::make_unique<detail::JobReducer<Job>>(job); };
  }
  return type;
}

}  // namespace thresh

#define THRESH_JOB_NAME_2(line) thresh_job_registration_##line
#define THRESH_JOB_NAME(line) THRESH_JOB_NAME_2(line)
// Makes the job part of every program that it is linked into. Use at namespace scope.
#define THRESH_JOB(Job) \
  static const ::thresh::JobRegistration THRESH_JOB_NAME(__LINE__)(::thresh::make_job_type<Job>())
