// A job with its types erased: what the engine sees. Jobs are written against thresh/job.hpp, which makes
// a JobType from a struct.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "thresh/context.hpp"
#include "thresh/emit_batch.hpp"
#include "thresh/key_columns.hpp"
#include "thresh/record.hpp"

namespace thresh {

struct Slots;

// Maps blocks of records on one worker.
class Mapper {
 public:
  virtual ~Mapper() = default;
  // Maps every record of `block`, which holds whole records alone (the last line may lack its newline);
  // the first is `first`. Returns how many records there were.
  // Throws RecordFailed for a record that cannot be used; emits of the records before it are committed.
  virtual std::uint64_t map_block(std::string_view block, RecordId first, EmitBatch& emits,
                                  Context& context) = 0;
};

// The values of one group, encoded, in the order of their bytes.
class ValueSource {
 public:
  virtual ~ValueSource() = default;
  // The next value; false at the end of the group. The bytes live until the next call.
  virtual bool next(std::string_view& value) = 0;
};

// Takes lines of output: key(), any number of append(), end_line(). The line is the key's text, a TAB, all
// that was appended, LF; without any append it is the key's text and LF. Text arrives as it is; the sink
// escapes or refuses what a line cannot hold.
class ResultSink {
 public:
  virtual ~ResultSink() = default;
  virtual void key(std::string_view text) = 0;
  virtual void append(std::string_view text) = 0;
  // `rank`: encoded so that byte order is the order of --top (empty: the line is not ranked).
  // `weight`: the conserved weight of the line's value (0 without one).
  virtual void end_line(std::string_view rank, std::uint64_t weight) = 0;
  // A whole line with one piece, at once.
  virtual void line(std::string_view text, std::string_view piece, std::string_view rank,
                    std::uint64_t weight) {
    key(text);
    append(piece);
    end_line(rank, weight);
  }
  // Instead of all that, in a job with raw output: a record is the two pieces, one after the other, exactly
  // as they are. It counts as a line.
  virtual void record(std::string_view head, std::string_view tail) = 0;

  // What follows belongs to the group of this encoded key, which lives until the group ends; `hash` is its
  // hash_key. Not for a job's own code.
  void begin_group(std::string_view key, std::uint64_t hash) noexcept {
    group_key_ = key;
    group_hash_ = hash;
    ++groups_;
  }

  // Whether end_line looks at ranks: encoding one takes as long as writing a short line.
  bool takes_ranks() const noexcept { return takes_ranks_; }

 protected:
  void take_no_ranks() noexcept { takes_ranks_ = false; }
  std::string_view group_key() const noexcept { return group_key_; }
  std::uint64_t group_hash() const noexcept { return group_hash_; }
  std::uint64_t groups() const noexcept { return groups_; }

 private:
  bool takes_ranks_ = true;
  std::string_view group_key_;
  std::uint64_t group_hash_ = 0;
  std::uint64_t groups_ = 0;
};

// A group of one value: both encoded.
struct SingleGroup {
  std::string_view key;
  std::string_view value;
  std::uint64_t key_hash;
};

// Reduces groups on one worker.
class Reducer {
 public:
  virtual ~Reducer() = default;
  // `key` is encoded. Need not take all values.
  virtual void reduce(std::string_view key, ValueSource& values, ResultSink& out, Context& context) = 0;
  // Many at once, so that the job's own code is inlined into the loop. Unlike reduce() it begins each group
  // in `out` and takes a step of the context for it.
  virtual void reduce_singles(std::span<const SingleGroup> groups, ResultSink& out, Context& context) = 0;
};

// Combines encoded values of one key; associative and commutative on the bytes.
// Fixed-size values, many at once, so that the job's own code is inlined into the loop: folds from[i] into
// into[i], one after the other, each of JobType::value_size bytes.
using CombineFixed = void (*)(char* const* into, const char* const* from, std::size_t n);
// Fixed-size values that fit into slots: see combine_into_slots. Returns the sum of weigh(hash of the key,
// weight of the value) over the emits, 0 without a weight.
using CombineBatch = std::uint64_t (*)(Slots& slots, const EmitBatch& batch,
                                       std::vector<std::uint32_t>& left);
// Others: replaces `into` by the combination.
using CombineBytes = void (*)(std::string& into, std::string_view from);
// The conserved weight of an encoded value; linear under combine, modulo 2^64.
using WeightOf = std::uint64_t (*)(std::string_view value);
// The sum of weigh(hash of the key, weight of the value) over the committed emits of a batch.
using SumWeights = std::uint64_t (*)(const EmitBatch& batch);

struct JobType {
  std::string name;
  std::string version;         // raised when the job's output or its values change; part of the fingerprint
  std::string summary;         // one line for `thresh list`
  std::string details;         // for `thresh JOB --help`: what a record is, what a line of output is
  std::size_t value_size = 0;  // bytes of each encoded value; 0: they vary
  // What counting jobs emit, the encoded 1, for which rows are shorter. May be empty. Lives for ever.
  std::string_view usual_value;
  CombineFixed combine_fixed = nullptr;  // set with a combiner and value_size > 0
  CombineBatch combine_batch = nullptr;  // set if slot_bytes(value_size) > 0 as well
  CombineBytes combine_bytes = nullptr;  // set with a combiner and value_size == 0
  WeightOf weight = nullptr;             // set if the job conserves a weight
  SumWeights sum_weights = nullptr;      // set with a weight
  bool uses_locations = false;           // reduce calls Context::locate
  std::size_t record_bytes = 0;          // of each input record; 0: records are lines
  bool total_order = false;              // partitions are ranges of keys
  std::string part_extension = "tsv";  // of the names of the parts: "tsv", or "txt" or "bin" if they are raw
  std::function<std::unique_ptr<Mapper>()> make_mapper;
  std::function<std::unique_ptr<Reducer>()> make_reducer;
  std::function<JobType(const KeyColumns&)> with_key;  // what --key makes of the job; empty: it takes none

  bool combines() const noexcept { return combine_fixed != nullptr || combine_bytes != nullptr; }
};

// All jobs linked into the program, sorted by name.
const std::vector<JobType>& registered_jobs();
// Null if there is none of this name.
const JobType* find_job(std::string_view name);

// Registers a job before main. Used by THRESH_JOB in thresh/job.hpp.
struct JobRegistration {
  explicit JobRegistration(JobType job);
};

}  // namespace thresh
