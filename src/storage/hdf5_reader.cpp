#include <hdf5.h>

#include <algorithm>
#include <utility>

#include "storage/hdf5.hpp"
#include "storage/hdf5_handle.hpp"
#include "storage/hdf5_seal.hpp"

namespace thresh::storage {
namespace {

using h5::damaged;
using h5::Handle;
using h5::kPieceBytes;
using h5::Lock;
using h5::read_well;

struct Dataset {
  Handle set;
  std::uint64_t count;  // of elements
};

// Refuses a dataset of another type, or one that cannot be in a file of this length. REQUIRES: the lock.
Dataset open_dataset(hid_t file, const std::string& path, std::uint64_t length, const std::string& name,
                     std::size_t element) {
  Handle set(read_well(H5Dopen2(file, name.c_str(), H5P_DEFAULT), path), H5Dclose);
  const Handle type(read_well(H5Dget_type(set), path), H5Tclose);
  const Handle space(read_well(H5Dget_space(set), path), H5Sclose);
  if (H5Tget_class(type) != H5T_INTEGER || H5Tget_size(type) != element ||
      H5Sget_simple_extent_ndims(space) != 1) {
    damaged(path, name + " has another type");
  }
  const auto count = static_cast<std::uint64_t>(read_well(H5Sget_simple_extent_npoints(space), path));
  // Nothing is compressed, so what does not fit in the file cannot be there.
  if (count > length / element) damaged(path, name + " is longer than the file");
  return {std::move(set), count};
}

template <typename Element>
std::vector<Element> read_dataset(hid_t file, const std::string& path, std::uint64_t length,
                                  const std::string& name, hid_t memory) {
  const Lock lock;
  const Dataset found = open_dataset(file, path, length, name, sizeof(Element));
  std::vector<Element> values(found.count);
  if (found.count > 0) {
    read_well(H5Dread(found.set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), path);
  }
  return values;
}

struct Attribute {
  Handle attribute;
  Handle type;
};

// Refuses more than one element. REQUIRES: the lock.
Attribute open_attribute(hid_t file, const std::string& path, const std::string& name) {
  const auto [object, attribute_name] = h5::attribute_name(name);
  Handle attribute(
      read_well(H5Aopen_by_name(file, object.c_str(), attribute_name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
                path),
      H5Aclose);
  Handle type(read_well(H5Aget_type(attribute), path), H5Tclose);
  const Handle space(read_well(H5Aget_space(attribute), path), H5Sclose);
  if (H5Sget_simple_extent_npoints(space) != 1) damaged(path, name + " is not one value");
  return {std::move(attribute), std::move(type)};
}

}  // namespace

H5Reader::H5Reader(std::string path, Progress* progress)
    : path_(std::move(path)), status_(h5::check_seal(path_, progress)) {
  open();
}

H5Reader::H5Reader(std::string path, const FileStatus& checked) : path_(std::move(path)), status_(checked) {
  const auto now = file_status(path_);
  if (!now || !now->same_file(checked) || now->size != checked.size || now->mtime_ns != checked.mtime_ns) {
    damaged(path_, "it is no longer the file that was checked");
  }
  open();
}

void H5Reader::open() {
  const Lock lock;
  const Handle access = h5::access_list();
  file_ = H5Fopen(path_.c_str(), H5F_ACC_RDONLY, access);
  if (file_ < 0) h5::cannot_read(path_);
}

H5Reader::~H5Reader() {
  const Lock lock;
  if (file_ >= 0) H5Fclose(file_);
}

std::string H5Reader::text(const std::string& name) const {
  const Lock lock;
  const auto [attribute, type] = open_attribute(file_, path_, name);
  const std::size_t size = H5Tget_size(type);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 || size > status_.size) {
    damaged(path_, name + " is no text");
  }
  std::string value(size, '\0');
  read_well(H5Aread(attribute, type, value.data()), path_);
  while (!value.empty() && value.back() == '\0') value.pop_back();
  return value;
}

std::uint64_t H5Reader::number(const std::string& name) const {
  const Lock lock;
  const auto [attribute, type] = open_attribute(file_, path_, name);
  if (H5Tget_class(type) != H5T_INTEGER) damaged(path_, name + " is no number");
  std::uint64_t value = 0;
  read_well(H5Aread(attribute, H5T_NATIVE_UINT64, &value), path_);
  return value;
}

std::vector<std::uint64_t> H5Reader::numbers(const std::string& name) const {
  return read_dataset<std::uint64_t>(file_, path_, status_.size, name, H5T_NATIVE_UINT64);
}

std::vector<std::int64_t> H5Reader::signed_numbers(const std::string& name) const {
  return read_dataset<std::int64_t>(file_, path_, status_.size, name, H5T_NATIVE_INT64);
}

std::vector<std::string> H5Reader::strings(const std::string& name) const {
  const std::vector<std::uint64_t> offsets = numbers(name + "_offsets");
  const auto data = read_dataset<std::uint8_t>(file_, path_, status_.size, name + "_data", H5T_NATIVE_UINT8);
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != data.size()) {
    damaged(path_, name + " has offsets that do not fit");
  }
  std::vector<std::string> values;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    if (offsets[i] > offsets[i + 1] || offsets[i + 1] > data.size()) {
      damaged(path_, name + " has offsets that do not rise");
    }
    values.emplace_back(reinterpret_cast<const char*>(data.data()) + offsets[i], offsets[i + 1] - offsets[i]);
  }
  return values;
}

H5ColumnReader::H5ColumnReader(const H5Reader& file, std::string name, H5Element element, Progress* progress)
    : path_(file.path_), name_(std::move(name)), element_(element), progress_(progress) {
  const Lock lock;
  Dataset found =
      open_dataset(file.file_, path_, file.status_.size, name_, static_cast<std::size_t>(element));
  set_ = found.set.release();
  count_ = found.count;
}

H5ColumnReader::~H5ColumnReader() {
  const Lock lock;
  if (set_ >= 0) H5Dclose(set_);
}

void H5ColumnReader::seek(std::uint64_t element) {
  const std::uint64_t to = element * static_cast<std::uint64_t>(element_);
  if (to >= begin_ && to - begin_ <= buffer_.size()) {
    at_ = static_cast<std::size_t>(to - begin_);
  } else {
    begin_ = to;
    at_ = 0;
    buffer_.clear();
  }
}

// Reads up to the end of a chunk, so that each chunk is read once, and on until there are `size` bytes.
void H5ColumnReader::fill(std::uint64_t size) {
  const auto width = static_cast<std::size_t>(element_);
  begin_ += at_;
  buffer_.erase(0, std::exchange(at_, 0));
  if (size > count_ * width - begin_) damaged(path_, name_ + " ends early");
  while (buffer_.size() < size) {
    const std::uint64_t from = begin_ + buffer_.size();
    const std::uint64_t to = std::min(count_ * width, (from / kPieceBytes + 1) * kPieceBytes);
    const hsize_t begin = from / width;
    const hsize_t count = (to - from) / width;
    const std::size_t before = buffer_.size();
    buffer_.resize(before + static_cast<std::size_t>(to - from));
    {
      const Lock lock;
      const Handle memory(read_well(H5Screate_simple(1, &count, nullptr), path_), H5Sclose);
      const Handle stored(read_well(H5Dget_space(set_), path_), H5Sclose);
      read_well(H5Sselect_hyperslab(stored, H5S_SELECT_SET, &begin, nullptr, &count, nullptr), path_);
      const hid_t type = element_ == H5Element::Byte ? H5T_NATIVE_UINT8 : H5T_NATIVE_UINT64;
      read_well(H5Dread(set_, type, memory, stored, H5P_DEFAULT, buffer_.data() + before), path_);
    }
    if (progress_ != nullptr) progress_->step();
  }
}

std::uint64_t H5ColumnReader::number() {
  std::uint64_t value = 0;
  const std::string_view raw = bytes(sizeof value);
  std::copy(raw.begin(), raw.end(), reinterpret_cast<char*>(&value));
  return value;
}

}  // namespace thresh::storage
