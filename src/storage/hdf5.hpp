// HDF5 files that are whole or refused. One mutex guards the library, which many clusters build without its
// own: it is held for a call, never for a file, so threads that work on different files do not wait long. An
// object of these classes is for one thread at a time. Every handle closes itself.
//
// The first 512 bytes (HDF5's user block) are ours: "THRESH\0\0", then little-endian u32 version, u32 zero,
// u64 length of the file, u64 XXH3 of everything after the block. They are written last and checked before
// HDF5 opens the file, because libhdf5 crashes on some malformed files.
//
// The name of an attribute or dataset may begin with groups: "run0/keys".
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/posix.hpp"
#include "thresh/progress.hpp"

namespace thresh::storage {

// Writes a new file. Equal content, written in the same order, gives equal bytes. Errors are Error{Io} naming
// the path.
class H5Writer {
 public:
  // REQUIRES: no file of this name.
  explicit H5Writer(std::string path);
  H5Writer(const H5Writer&) = delete;
  H5Writer& operator=(const H5Writer&) = delete;
  ~H5Writer();  // without finish() the file cannot be read; it is the caller's to remove

  // REQUIRES: the group that it is in.
  void group(const std::string& name);
  // Attributes of a group. Text has no NUL at its end.
  void text(const std::string& name, std::string_view value);
  void number(const std::string& name, std::uint64_t value);
  // Datasets, with Fletcher32.
  void numbers(const std::string& name, const std::vector<std::uint64_t>& values);
  void signed_numbers(const std::string& name, const std::vector<std::int64_t>& values);
  // Strings of any bytes: the datasets <name>_offsets and <name>_data.
  void strings(const std::string& name, const std::vector<std::string>& values);

  // Closes and seals the file, and makes it durable if asked. REQUIRES: called once, last.
  void finish(bool fsync = true);

 private:
  friend class H5ColumnWriter;

  std::string path_;
  std::int64_t file_ = -1;  // hid_t
};

// A member of every item, for a dataset: column<std::uint64_t>(splits, &Split::begin).
template <class T>
std::vector<T> column(const auto& items, auto field) {
  std::vector<T> values;
  values.reserve(items.size());
  for (const auto& item : items) values.push_back(std::invoke(field, item));
  return values;
}

// What a column is made of: bytes, or little-endian 64-bit numbers.
enum class H5Element : std::uint8_t { Byte = 1, U64 = 8 };

// A dataset of known length that is written in pieces of 1 MiB, which is also the memory it takes. Several
// columns of a file may be written at once. One that is not finished is closed with its file.
class H5ColumnWriter {
 public:
  // Borrows the file. REQUIRES: the file outlives it and is finished after it.
  H5ColumnWriter(H5Writer& file, const std::string& name, H5Element element, std::uint64_t count);
  H5ColumnWriter(const H5ColumnWriter&) = delete;
  H5ColumnWriter& operator=(const H5ColumnWriter&) = delete;

  // REQUIRES: no more than `count` elements.
  void bytes(std::string_view bytes);
  void number(std::uint64_t value) { bytes({reinterpret_cast<const char*>(&value), sizeof value}); }
  // Throws Error{Internal} if elements are missing. REQUIRES: called once, last.
  void finish();

 private:
  void flush();

  const std::string& path_;
  std::int64_t file_;
  std::int64_t set_ = -1;  // hid_t
  H5Element element_;
  std::uint64_t count_;
  std::uint64_t written_ = 0;
  std::string buffer_;
};

// Reads a file of H5Writer. Errors are Error{BadData} naming the path. No length that was read is trusted.
class H5Reader {
 public:
  // Checks the whole file; steps `progress` (may be null) for each piece of it.
  explicit H5Reader(std::string path, Progress* progress = nullptr);
  // Opens a file that was checked when it had this status, and refuses it if size, mtime or inode differ.
  H5Reader(std::string path, const FileStatus& checked);
  H5Reader(const H5Reader&) = delete;
  H5Reader& operator=(const H5Reader&) = delete;
  ~H5Reader();

  const std::string& path() const noexcept { return path_; }
  const FileStatus& status() const noexcept { return status_; }
  std::string text(const std::string& name) const;
  std::uint64_t number(const std::string& name) const;
  std::vector<std::uint64_t> numbers(const std::string& name) const;
  std::vector<std::int64_t> signed_numbers(const std::string& name) const;
  std::vector<std::string> strings(const std::string& name) const;

 private:
  friend class H5ColumnReader;
  void open();

  std::string path_;
  FileStatus status_;       // its size bounds everything in it
  std::int64_t file_ = -1;  // hid_t
};

// Reads a dataset in pieces of about 1 MiB. Errors as those of H5Reader.
class H5ColumnReader {
 public:
  // Borrows the file and `progress` (may be null), which is stepped for each piece. REQUIRES: both outlive
  // it.
  H5ColumnReader(const H5Reader& file, std::string name, H5Element element, Progress* progress = nullptr);
  H5ColumnReader(const H5ColumnReader&) = delete;
  H5ColumnReader& operator=(const H5ColumnReader&) = delete;
  ~H5ColumnReader();

  std::uint64_t size() const noexcept { return count_; }  // in elements; no more than fit in the file
  // The next read begins at this element. REQUIRES: it is at most size().
  void seek(std::uint64_t element);
  // The next bytes, which may be more than a piece; they live until the next call. Refuses the file if there
  // are not so many.
  std::string_view bytes(std::uint64_t size) {
    if (size > buffer_.size() - at_) fill(size);
    const std::string_view view(buffer_.data() + at_, static_cast<std::size_t>(size));
    at_ += view.size();
    return view;
  }
  std::uint64_t number();

 private:
  void fill(std::uint64_t size);

  const std::string& path_;
  std::string name_;
  std::int64_t set_ = -1;  // hid_t
  H5Element element_;
  Progress* progress_;
  std::uint64_t count_ = 0;
  std::uint64_t begin_ = 0;  // where the buffer begins in the column, in bytes
  std::size_t at_ = 0;       // the next byte in the buffer
  std::string buffer_;
};

}  // namespace thresh::storage
