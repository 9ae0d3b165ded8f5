// What a job must look like, said in words where it does not.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "thresh/emitter.hpp"
#include "thresh/output.hpp"
#include "thresh/record.hpp"
#include "thresh/values.hpp"

namespace thresh {

struct JobInfo {
  std::string_view name;     // on the command line
  std::string_view version;  // raised when the job's output or its values change; part of the fingerprint
  std::string_view summary;  // one line for `thresh list`
  std::string_view details;  // for `thresh JOB --help`: what a record is, what a line of output is
};

namespace detail {

// Whether a class has a member of this name, whatever its type: a second one makes the name ambiguous.
struct ProbeCombine {
  int combine;
};
struct ProbeWeight {
  int weight;
};
template <class Job, class Probe>
struct Probed : Job, Probe {};
template <class Job>
inline constexpr bool kNamesCombine = !requires {
  &Probed<Job, ProbeCombine>::combine;
};
template <class Job>
inline constexpr bool kNamesWeight = !requires {
  &Probed<Job, ProbeWeight>::weight;
};

template <class Job>
concept HasTypes = requires {
  typename Job::Key;
  typename Job::Value;
};
template <class Job>
concept HasInfo = requires {
  { Job::info } -> std::convertible_to<const JobInfo&>;
};
template <class Job>
concept HasRecordBytes = requires {
  requires Job::record_bytes >
  0;
};
template <class Job>
using InputRecord = std::conditional_t<HasRecordBytes<Job>, Record, Line>;
template <class Job>
concept HasMap = requires(const Job& job, const InputRecord<Job>& record,
                          Emitter<typename Job::Key, typename Job::Value>& emit) {
  job.map(record, emit);
};
// A constant that may be left out is false then.
template <class Job>
consteval bool total_order() {
  if constexpr (requires { Job::total_order; }) return Job::total_order;
  return false;
}
template <class Job>
consteval bool raw_output() {
  if constexpr (requires { Job::raw_output; }) return Job::raw_output;
  return false;
}
template <class Job, class Key>
concept Reduces = requires(const Job& job, const Key& key, Values<typename Job::Value>& values,
                           Output<Job>& out) {
  job.reduce(key, values, out);
};
template <class Job>
concept HasReduce = Reduces<Job, Decoded<typename Job::Key>> || Reduces<Job, typename Job::Key>;
template <class Job>
concept HasCombine = requires(typename Job::Value value) {
  { Job::combine(value, value) } -> std::same_as<typename Job::Value>;
};
template <class Job>
concept HasWeight = requires(const typename Job::Value& value) {
  { Job::weight(value) } -> std::same_as<std::uint64_t>;
};

// True, or does not compile.
template <class Job>
consteval bool job_is_sound() {
  static_assert(std::is_class_v<Job> && !std::is_final_v<Job> && std::is_default_constructible_v<Job>,
                "thresh: a job is a struct that can be default-constructed and is not final");
  static_assert(!HasWeight<Job> || !raw_output<Job>(),
                "thresh: a job with raw output has no lines that could carry a weight");
  static_assert(HasTypes<Job>, "thresh: this job lacks `using Key = ...;` or `using Value = ...;`");
  static_assert(
      HasInfo<Job>,
      "thresh: this job lacks `static constexpr thresh::JobInfo info{name, version, summary, details};`");
  if constexpr (HasTypes<Job>) {
    constexpr bool kKey = Encodable<typename Job::Key>;
    static_assert(
        kKey,
        "thresh: the Key of this job has no order-preserving codec: use a string, a number, an enum, a "
        "pair, tuple or array of them, give your struct `auto key_fields() const { return std::tie(...); }`, "
        "or specialise thresh::Codec");
    if constexpr (kKey) {
      static_assert(HasMap<Job>,
                    "thresh: this job lacks `void map(const thresh::Line& line, auto& emit) const` (with "
                    "record_bytes it takes a const thresh::Record&)");
      static_assert(
          HasReduce<Job>,
          "thresh: this job lacks `void reduce(const Key& key, thresh::Values<Value>& values, auto& out) "
          "const` (a string key is a std::string_view)");
      static_assert(HasCombine<Job> || !kNamesCombine<Job>,
                    "thresh: combine must be `static Value combine(Value a, Value b)`");
      static_assert(HasWeight<Job> || !kNamesWeight<Job>,
                    "thresh: weight must be `static std::uint64_t weight(const Value& value)`");
      return HasInfo<Job> && HasMap<Job> && HasReduce<Job>;
    }
  }
  return false;
}

}  // namespace detail
}  // namespace thresh
