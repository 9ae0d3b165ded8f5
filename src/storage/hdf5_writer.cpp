#include <hdf5.h>

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "storage/hdf5.hpp"
#include "storage/hdf5_disk.hpp"
#include "storage/hdf5_handle.hpp"
#include "storage/hdf5_seal.hpp"

namespace thresh::storage {
namespace {

using h5::Handle;
using h5::kPieceBytes;
using h5::Lock;
using h5::written;

// Of what the driver kept from the library.
void throw_if(int error, const std::string& path) {
  if (error != 0) throw_errno(ExitCode::Io, "write", path, error);
}

// A dataset of one dimension in chunks of a piece, with Fletcher32. REQUIRES: the lock.
Handle create_dataset(hid_t file, const std::string& path, const std::string& name, hid_t stored,
                      std::uint64_t count) {
  const hsize_t dims = count;
  const hsize_t chunk = std::clamp<hsize_t>(dims, 1, kPieceBytes / H5Tget_size(stored));
  const Handle space(written(H5Screate_simple(1, &dims, nullptr), path), H5Sclose);
  const Handle list(written(H5Pcreate(H5P_DATASET_CREATE), path), H5Pclose);
  written(H5Pset_chunk(list, 1, &chunk), path);
  written(H5Pset_fletcher32(list), path);
  written(H5Pset_obj_track_times(list, false), path);
  return {written(H5Dcreate2(file, name.c_str(), stored, space, H5P_DEFAULT, list, H5P_DEFAULT), path),
          H5Dclose};
}

void write_dataset(hid_t file, const std::string& path, const std::string& name, hid_t stored, hid_t memory,
                   std::size_t count, const void* data) {
  const Lock lock;
  const Handle set = create_dataset(file, path, name, stored, count);
  if (count > 0) written(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), path);
  throw_if(h5::disk_error(file), path);
}

// REQUIRES: the lock.
void write_attribute(hid_t file, const std::string& path, const std::string& name, hid_t stored, hid_t memory,
                     const void* data) {
  const auto [object, attribute_name] = h5::attribute_name(name);
  const Handle space(written(H5Screate(H5S_SCALAR), path), H5Sclose);
  const Handle attribute(written(H5Acreate_by_name(file, object.c_str(), attribute_name.c_str(), stored,
                                                   space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                                 path),
                         H5Aclose);
  written(H5Awrite(attribute, memory, data), path);
}

}  // namespace

H5Writer::H5Writer(std::string path) : path_(std::move(path)) {
  const Lock lock;
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  written(H5Pset_userblock(creation, h5::kUserBlock), path_);
  written(H5Pset_obj_track_times(creation, false), path_);
  const Handle access = h5::access_list();
  throw_if(h5::create_file(path_.c_str(), creation, access, file_), path_);
  if (file_ < 0) h5::cannot_write(path_);
}

H5Writer::~H5Writer() {
  const Lock lock;
  if (file_ >= 0) h5::close_file(file_);
}

void H5Writer::group(const std::string& name) {
  const Lock lock;
  const Handle list(written(H5Pcreate(H5P_GROUP_CREATE), path_), H5Pclose);
  written(H5Pset_obj_track_times(list, false), path_);
  const Handle made(written(H5Gcreate2(file_, name.c_str(), H5P_DEFAULT, list, H5P_DEFAULT), path_),
                    H5Gclose);
}

void H5Writer::text(const std::string& name, std::string_view value) {
  const Lock lock;
  const std::string bytes = value.empty() ? std::string(1, '\0') : std::string(value);
  const Handle type(written(H5Tcopy(H5T_C_S1), path_), H5Tclose);
  written(H5Tset_size(type, bytes.size()), path_);
  written(H5Tset_strpad(type, H5T_STR_NULLPAD), path_);
  write_attribute(file_, path_, name, type, type, bytes.data());
}

void H5Writer::number(const std::string& name, std::uint64_t value) {
  const Lock lock;
  write_attribute(file_, path_, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &value);
}

void H5Writer::numbers(const std::string& name, const std::vector<std::uint64_t>& values) {
  write_dataset(file_, path_, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, values.size(), values.data());
}

void H5Writer::signed_numbers(const std::string& name, const std::vector<std::int64_t>& values) {
  write_dataset(file_, path_, name, H5T_STD_I64LE, H5T_NATIVE_INT64, values.size(), values.data());
}

void H5Writer::strings(const std::string& name, const std::vector<std::string>& values) {
  std::vector<std::uint64_t> offsets{0};
  std::string data;
  for (const std::string& value : values) {
    data += value;
    offsets.push_back(data.size());
  }
  numbers(name + "_offsets", offsets);
  write_dataset(file_, path_, name + "_data", H5T_STD_U8LE, H5T_NATIVE_UINT8, data.size(), data.data());
}

void H5Writer::finish(bool fsync) {
  {
    const Lock lock;
    throw_if(h5::close_file(std::exchange(file_, -1)), path_);
  }
  h5::seal(path_, fsync);
}

H5ColumnWriter::H5ColumnWriter(H5Writer& file, const std::string& name, H5Element element,
                               std::uint64_t count)
    : path_(file.path_), file_(file.file_), element_(element), count_(count) {
  const Lock lock;
  const hid_t stored = element == H5Element::Byte ? H5T_STD_U8LE : H5T_STD_U64LE;
  set_ = create_dataset(file.file_, path_, name, stored, count).release();
}

void H5ColumnWriter::bytes(std::string_view bytes) {
  while (bytes.size() >= kPieceBytes - buffer_.size()) {
    const std::size_t part = kPieceBytes - buffer_.size();
    buffer_ += bytes.substr(0, part);
    bytes.remove_prefix(part);
    flush();
  }
  buffer_ += bytes;
}

void H5ColumnWriter::flush() {
  const hsize_t begin = written_;
  const hsize_t size = buffer_.size() / static_cast<std::size_t>(element_);
  if (size == 0) return;
  if (size > count_ - written_) throw Error(ExitCode::Internal, printable(path_) + ": a column is too long");
  const Lock lock;
  const Handle from(written(H5Screate_simple(1, &size, nullptr), path_), H5Sclose);
  const Handle to(written(H5Dget_space(set_), path_), H5Sclose);
  written(H5Sselect_hyperslab(to, H5S_SELECT_SET, &begin, nullptr, &size, nullptr), path_);
  const hid_t memory = element_ == H5Element::Byte ? H5T_NATIVE_UINT8 : H5T_NATIVE_UINT64;
  written(H5Dwrite(set_, memory, from, to, H5P_DEFAULT, buffer_.data()), path_);
  written_ += size;
  buffer_.clear();
  throw_if(h5::disk_error(file_), path_);
}

void H5ColumnWriter::finish() {
  flush();
  if (written_ != count_) throw Error(ExitCode::Internal, printable(path_) + ": a column is too short");
  const Lock lock;
  written(H5Dclose(set_), path_);
  set_ = -1;
}

}  // namespace thresh::storage
