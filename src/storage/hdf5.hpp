// HDF5 files that are whole or refused. One mutex guards the library, which many clusters build without its
// own; every handle closes itself.
//
// The first 512 bytes (HDF5's user block) are ours: "THRESH\0\0", then little-endian u32 version, u32 zero,
// u64 length of the file, u64 XXH3 of everything after the block. They are written last and checked before
// HDF5 opens the file, because libhdf5 crashes on some malformed files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thresh::storage {

// Writes a new file. Equal content gives equal bytes. Errors are Error{Io} naming the path.
class H5Writer {
 public:
  // REQUIRES: no file of this name.
  explicit H5Writer(std::string path);
  H5Writer(const H5Writer&) = delete;
  H5Writer& operator=(const H5Writer&) = delete;
  ~H5Writer();  // without finish() the file cannot be read; it is the caller's to remove

  // Attributes of the root group. Text has no NUL at its end.
  void text(const std::string& name, std::string_view value);
  void number(const std::string& name, std::uint64_t value);
  // Datasets, with Fletcher32.
  void numbers(const std::string& name, const std::vector<std::uint64_t>& values);
  void signed_numbers(const std::string& name, const std::vector<std::int64_t>& values);
  // Strings of any bytes: the datasets <name>_offsets and <name>_data.
  void strings(const std::string& name, const std::vector<std::string>& values);

  // Closes, seals and syncs the file. REQUIRES: called once, last.
  void finish();

 private:
  void close();

  std::string path_;
  std::int64_t file_ = -1;  // hid_t
};

// Reads a file of H5Writer. Errors are Error{BadData} naming the path. No length that was read is trusted.
class H5Reader {
 public:
  explicit H5Reader(std::string path);
  H5Reader(const H5Reader&) = delete;
  H5Reader& operator=(const H5Reader&) = delete;
  ~H5Reader();

  std::string text(const std::string& name) const;
  std::uint64_t number(const std::string& name) const;
  std::vector<std::uint64_t> numbers(const std::string& name) const;
  std::vector<std::int64_t> signed_numbers(const std::string& name) const;
  std::vector<std::string> strings(const std::string& name) const;

 private:
  std::string path_;
  std::uint64_t length_ = 0;  // of the file, in bytes: bounds everything in it
  std::int64_t file_ = -1;    // hid_t
};

}  // namespace thresh::storage
