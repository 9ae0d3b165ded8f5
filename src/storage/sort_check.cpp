#include "storage/sort_check.hpp"

#include <cstring>

#include "core/text.hpp"
#include "storage/split_reader.hpp"
#include "thresh/errors.hpp"
#include "thresh/hash.hpp"
#include "thresh/text.hpp"

namespace thresh::storage {
namespace {

class Checker {
 public:
  explicit Checker(const SortFormat& format) : format_(format) {}

  void read(const InputFile& file) {
    check_size(file);
    file_ = &file;
    SplitReader reader(file, Split{0, 0, file.size}, buffer_, format_.record_bytes);
    while (const auto block = reader.next()) {
      if (format_.record_bytes > 0) {
        take_fixed(*block);
      } else {
        take_lines(*block);
      }
      // The next block overwrites this one.
      kept_key_.assign(last_key_);
      last_key_ = kept_key_;
    }
  }
  SortReport take() { return std::move(report_); }

 private:
  void check_size(const InputFile& file) const {
    const std::uint64_t size = format_.record_bytes;
    if (size == 0 || file.size % size == 0) return;
    throw Error(ExitCode::BadData, printable(file.path) + " has " + std::to_string(file.size) +
                                       " bytes, which is no whole number of records of " +
                                       std::to_string(size) + ": the last one, at byte " +
                                       std::to_string(file.size - file.size % size) +
                                       ", is cut; give --records BYTES or --lines if they are others");
  }

  void take_fixed(const Block& block) {
    for (std::size_t at = 0; at < block.bytes.size(); at += format_.record_bytes) {
      take_record(block.bytes.substr(at, format_.record_bytes), block.file_offset + at);
    }
  }

  void take_lines(const Block& block) {
    for (std::size_t at = 0; at < block.bytes.size();) {
      const std::size_t newline = block.bytes.find('\n', at);
      const std::size_t stop = newline == std::string_view::npos ? block.bytes.size() : newline;
      std::string_view line = block.bytes.substr(at, stop - at);
      const bool may_have_cr = newline != std::string_view::npos && !format_.ends_with_lf;
      if (may_have_cr && line.ends_with('\r')) line.remove_suffix(1);
      take_record(line, block.file_offset + at);
      at = stop + 1;
    }
  }

  void take_record(std::string_view record, std::uint64_t offset) {
    const std::string_view key = format_.key.of(record);
    if (report_.sums.records > 0) {
      const int order = key.compare(last_key_);
      if (order < 0) note_fall(key, offset);
      if (order == 0) ++report_.repeated_keys;
    }
    last_key_ = key;
    report_.sums.records += 1;
    report_.sums.checksum += hash_bytes(record);
  }

  [[gnu::cold, gnu::noinline]] void note_fall(std::string_view key, std::uint64_t offset) {
    if (report_.out_of_order++ > 0) return;
    report_.first_bad = printable(file_->path) + ", byte " + std::to_string(offset) + ": the key " +
                        quoted(key) + " comes after " + quoted(last_key_);
  }

  SortFormat format_;
  const InputFile* file_ = nullptr;
  std::vector<char> buffer_;
  std::string_view last_key_;
  std::string kept_key_;
  SortReport report_;
};

}  // namespace

SortReport check_sort(const std::vector<InputFile>& files, const SortFormat& format,
                      const BeforeReading& before_reading) {
  Checker checker(format);
  for (const InputFile& file : files) {
    if (before_reading) before_reading(file.path, file.size);
    checker.read(file);
  }
  return checker.take();
}

}  // namespace thresh::storage
