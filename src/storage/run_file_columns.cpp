#include "storage/run_file_columns.hpp"

#include <utility>

#include "storage/hdf5_handle.hpp"
#include "storage/run_file_layout.hpp"

namespace thresh::storage {

using h5::damaged;

RunColumns::RunColumns(const H5Reader& file, const std::string& group, const RowFormat& format,
                       std::uint64_t rows, Progress* progress)
    : path_(file.path()),
      format_(format),
      rows_(rows),
      keys_(file, group + "keys", group + "key_offsets", 0, rows, progress),
      values_(file, group + "values", group + "value_offsets", format.value_size(), rows, progress) {}

std::uint64_t RunColumns::row_bytes() const noexcept {
  return rows_ * row_overhead(format_) + keys_.bytes() + values_.bytes();
}

bool RunColumns::may_be_staged(std::uint64_t bytes) const noexcept {
  return bytes >= rows_ + keys_.bytes() && bytes <= rows_ + row_bytes();
}

void RunColumns::seek(std::uint64_t row) {
  keys_.seek(row);
  values_.seek(row);
}

Row RunColumns::next() {
  const std::string_view key = keys_.next();
  const std::string_view value = values_.next();
  // What a chunk on the wire can hold. Neither is longer than the file, so the sum does not overflow.
  if (key.size() + value.size() + row_overhead(format_) > UINT32_MAX) damaged(path_, "a row is too large");
  return {key, value};
}

RunColumns::Column::Column(const H5Reader& file, const std::string& data, const std::string& offsets,
                           std::size_t size, std::uint64_t rows, Progress* progress)
    : path_(file.path()), name_(data), size_(size), data_(file, data, H5Element::Byte, progress) {
  if (size > 0) {
    if (data_.size() % size != 0 || data_.size() / size != rows) {
      damaged(path_, name_ + " does not have one value a row");
    }
    return;
  }
  offsets_.emplace(file, offsets, H5Element::U64, progress);
  if (offsets_->size() == 0 || offsets_->size() - 1 != rows) {
    damaged(path_, offsets + " does not have one offset a row");
  }
  const std::uint64_t first = next_offset();
  offsets_->seek(rows);
  if (first != 0 || next_offset() != data_.size()) damaged(path_, offsets + " does not fit " + name_);
}

std::uint64_t RunColumns::Column::next_offset() {
  return offsets_->number();
}

void RunColumns::Column::seek(std::uint64_t row) {
  at_ = row * size_;
  if (offsets_) {
    offsets_->seek(row);
    at_ = next_offset();
    if (at_ > data_.size()) damaged(path_, name_ + " has offsets past its end");
  }
  data_.seek(at_);
}

std::string_view RunColumns::Column::next() {
  if (!offsets_) return data_.bytes(size_);
  const std::uint64_t end = next_offset();
  if (end < at_ || end > data_.size()) damaged(path_, name_ + " has offsets that do not rise");
  return data_.bytes(end - std::exchange(at_, end));
}

}  // namespace thresh::storage
