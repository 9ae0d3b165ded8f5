// The rows of a run as they lie in a run file: one after the other, in order of (partition, row).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/row.hpp"
#include "storage/hdf5.hpp"

namespace thresh::storage {

class RunColumns {
 public:
  // Borrows all but the strings. Refuses columns that do not have the lengths of so many rows. Errors as
  // those of RunFile.
  RunColumns(const H5Reader& file, const std::string& group, const RowFormat& format, std::uint64_t rows,
             Progress* progress);

  std::uint64_t row_bytes() const noexcept;  // of all rows, as in memory
  // Whether that may be so many bytes if the rows are staged: what each takes is seen when it is read.
  bool may_be_staged(std::uint64_t bytes) const noexcept;
  // REQUIRES: row is at most the number of rows.
  void seek(std::uint64_t row);
  // The next row; it lives until the next call. REQUIRES: there is one.
  Row next();

 private:
  // Strings of bytes, and where each ends.
  class Column {
   public:
    // With size > 0 all strings have this size, and there are no offsets.
    Column(const H5Reader& file, const std::string& data, const std::string& offsets, std::size_t size,
           std::uint64_t rows, Progress* progress);
    std::uint64_t bytes() const noexcept { return data_.size(); }
    void seek(std::uint64_t row);
    std::string_view next();

   private:
    std::uint64_t next_offset();

    const std::string& path_;
    std::string name_;
    std::size_t size_;
    H5ColumnReader data_;
    std::optional<H5ColumnReader> offsets_;
    std::uint64_t at_ = 0;  // where the next string begins
  };

  const std::string& path_;
  RowFormat format_;
  std::uint64_t rows_;
  Column keys_;
  Column values_;
};

}  // namespace thresh::storage
