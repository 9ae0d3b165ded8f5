// Output parts: lines `key TAB value`, written under .thresh/parts and moved to OUTPUT by the aggregator
// alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/checksum.hpp"
#include "core/task.hpp"
#include "storage/posix.hpp"
#include "thresh/job_type.hpp"
#include "thresh/progress.hpp"

namespace thresh::storage {

struct PartOptions {
  bool escape = false;    // write what a line cannot hold as \t \n \r \\ instead of refusing it
  bool fsync = true;      // without it a part may be lost with its host, never silently: checksums tell
  std::uint32_t top = 0;  // how many lines PartSummary::top keeps
};

// Writes one part. A line is the key and, if anything was appended, a TAB and what was appended.
//
// Bytes are written as they are. A key with TAB or newline and a value with newline are Error{BadData} naming
// the key; a TAB in a value separates its fields. With `escape`, TAB, newline, CR and backslash in a key are
// written as \t \n \r \\, and newline, CR and backslash in a value as \n \r \\ (its TABs stay).
//
// Not durable, and invisible to everyone else, before commit(), which may be left to another thread; a writer
// that is destroyed without it removes its file. Failed writes are Error{Io} naming the path; after any error
// the writer can only be destroyed.
// With RLIMIT_FSIZE the process must ignore SIGXFSZ.
class PartWriter final : public ResultSink {
 public:
  // REQUIRES: `parts_dir` exists.
  PartWriter(std::string parts_dir, PartitionId partition, Generation generation, std::string job_id,
             const PartOptions& options);
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;
  ~PartWriter() override;

  void key(std::string_view text) override;
  void append(std::string_view text) override;
  void end_line(std::string_view rank, std::uint64_t weight) override;
  void line(std::string_view text, std::string_view piece, std::string_view rank,
            std::uint64_t weight) override;
  // As it is, whatever it holds.
  void record(std::string_view head, std::string_view tail) override;

  std::uint64_t bytes() const noexcept { return offset_ + used_; }
  std::uint64_t lines() const noexcept { return lines_; }

  // Writes what there is and gives the buffer back: no line is added any more. `ledger` comes with worker,
  // cover_digest, input_rows, input_hash_sum and counters; the rest is filled in. Throws Error{Internal}
  // within a line.
  void finish(PartSummary ledger);
  // Makes the part durable, then its sidecar. REQUIRES: it is finished; called once.
  PartSummary commit();

 private:
  enum class Field { Key, Value };

  void check_between_lines() const;
  void count_line(std::string_view rank, std::uint64_t weight);
  void put(char c);
  void put(std::string_view text);
  void put_checked(std::string_view text, Field field);
  void put_escaped(std::string_view text, Field field);
  std::string line_key() const;
  [[noreturn]] void refuse(std::string_view text, Field field) const;
  void flush();
  void write_out(std::string_view bytes);
  void reserve_room_for(std::size_t piece);
  void offer_top(std::string_view rank);

  std::string directory_;
  PartitionId partition_;
  Generation generation_;
  std::string job_id_;
  PartOptions options_;
  std::string name_;       // final
  std::string temporary_;  // path; empty once it is renamed
  Fd fd_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;              // of the buffer
  std::uint64_t offset_ = 0;          // in the file, of the buffer's first byte
  std::uint64_t writeback_from_ = 0;  // up to here it was begun
  std::uint64_t reserved_ = 0;        // up to here the file system was asked for room
  bool reserves_ = true;              // it grants it
  Checksum checksum_;
  std::uint64_t lines_ = 0;
  std::uint64_t weight_ = 0;
  std::uint64_t line_begin_ = 0;
  bool in_line_ = false;  // it was begun and not ended
  bool in_value_ = false;
  std::size_t line_key_size_ = 0;
  std::string flushed_key_;   // begin of the line that the latest flush cut
  std::vector<TopLine> top_;  // a heap, the worst first
  PartSummary part_;          // once it is finished
};

// Whether `a` comes before `b` in --top: greater rank, then smaller key, then earlier in the part.
bool ranks_before(const TopLine& a, const TopLine& b) noexcept;

// What is wrong with a part file that ought to have these bytes; none if it is good. Steps `progress` (may be
// null) for each block.
std::optional<std::string> check_part(const std::string& directory, const std::string& file,
                                      std::uint64_t bytes, std::uint64_t checksum, Progress* progress);

// The sidecar of a part, and back. read_commit throws Error{BadData} if it is not whole.
std::string commit_name(const std::string& file);
std::string make_commit(const PartSummary& part, Generation generation, const std::string& job_id);
struct PartCommit {
  PartSummary part;
  Generation generation = 0;
  std::string job_id;
};
PartCommit parse_commit(std::string_view text, const std::string& path);

}  // namespace thresh::storage
