#include "storage/hdf5.hpp"

#include <hdf5.h>

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "core/text.hpp"
#include "storage/posix.hpp"
#include "thresh/hash.hpp"

namespace thresh::storage {
namespace {

static_assert(sizeof(hid_t) == sizeof(std::int64_t), "HDF5 1.10 or later");

constexpr std::size_t kUserBlock = 512;
constexpr char kMagic[8] = {'T', 'H', 'R', 'E', 'S', 'H', 0, 0};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kChunkBytes = 1 << 20;
constexpr std::size_t kReadBytes = 1 << 20;

// Held round every use of the library. HDF5 prints its errors unless told otherwise, thread by thread.
class Lock {
 public:
  Lock() : guard_(mutex()) { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

 private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
  std::lock_guard<std::mutex> guard_;
};

// The innermost error, where the cause is: of a failed system call, what the system said. Any call of the
// library forgets it, also the end of a handle.
std::string library_error() {
  std::string text;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_DOWNWARD,
      [](unsigned, const H5E_error2_t* error, void* to) -> herr_t {
        if (error->desc != nullptr) *static_cast<std::string*>(to) = error->desc;
        return 0;
      },
      &text);
  constexpr std::string_view kSystem = "error message = '";
  if (const std::size_t at = text.find(kSystem); at != std::string::npos) {
    const std::size_t begin = at + kSystem.size();
    return text.substr(begin, text.find('\'', begin) - begin);
  }
  return text.empty() ? "HDF5 failed" : text;
}

// A handle that closes itself.
class Id {
 public:
  Id(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Id(Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Id& operator=(Id&&) = delete;
  ~Id() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const noexcept { return id_; }  // NOLINT(google-explicit-constructor): a borrowed id

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

[[noreturn]] void cannot_write(const std::string& path) {
  throw Error(ExitCode::Io, "cannot write " + printable(path) + ": " + library_error());
}
[[noreturn]] void damaged(const std::string& path, const std::string& why) {
  throw Error(ExitCode::BadData, printable(path) + " is damaged: " + printable(why, 300));
}

template <typename Result>
Result written(Result result, const std::string& path) {
  if (result < 0) cannot_write(path);
  return result;
}
template <typename Result>
Result read_well(Result result, const std::string& path) {
  if (result < 0) damaged(path, library_error());
  return result;
}

Id access_list() {
  Id list(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_libver_bounds(list, H5F_LIBVER_V18, H5F_LIBVER_V110);
  H5Pset_fclose_degree(list, H5F_CLOSE_STRONG);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(list, 0, 1);  // some file systems refuse locks; ours is one writer a file
#endif
  return list;
}

void write_dataset(hid_t file, const std::string& path, const std::string& name, hid_t stored, hid_t memory,
                   std::size_t element, std::size_t count, const void* data) {
  const hsize_t dims = count;
  const hsize_t chunk = std::clamp<hsize_t>(dims, 1, kChunkBytes / element);
  const Id space(written(H5Screate_simple(1, &dims, nullptr), path), H5Sclose);
  const Id list(written(H5Pcreate(H5P_DATASET_CREATE), path), H5Pclose);
  written(H5Pset_chunk(list, 1, &chunk), path);
  written(H5Pset_fletcher32(list), path);
  written(H5Pset_obj_track_times(list, false), path);
  const Id set(written(H5Dcreate2(file, name.c_str(), stored, space, H5P_DEFAULT, list, H5P_DEFAULT), path),
               H5Dclose);
  if (count > 0) written(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), path);
}

template <typename Element>
std::vector<Element> read_dataset(hid_t file, const std::string& path, std::uint64_t length,
                                  const std::string& name, hid_t memory, H5T_class_t kind) {
  const Id set(read_well(H5Dopen2(file, name.c_str(), H5P_DEFAULT), path), H5Dclose);
  const Id type(read_well(H5Dget_type(set), path), H5Tclose);
  const Id space(read_well(H5Dget_space(set), path), H5Sclose);
  if (H5Tget_class(type) != kind || H5Tget_size(type) != sizeof(Element) ||
      H5Sget_simple_extent_ndims(space) != 1) {
    damaged(path, name + " has another type");
  }
  const auto count = static_cast<std::uint64_t>(read_well(H5Sget_simple_extent_npoints(space), path));
  // Nothing is compressed, so what does not fit in the file cannot be there.
  if (count > length / sizeof(Element)) damaged(path, name + " is longer than the file");
  std::vector<Element> values(count);
  if (count > 0) read_well(H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), path);
  return values;
}

// XXH3 of everything after the user block.
std::uint64_t content_hash(int fd, std::uint64_t length, const std::string& path) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  std::vector<char> buffer(kReadBytes);
  for (std::uint64_t offset = kUserBlock; offset < length;) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), length - offset));
    const std::size_t got = read_at(fd, buffer.data(), size, offset, path);
    if (got == 0) damaged(path, "it ends early");
    XXH3_64bits_update(&state, buffer.data(), got);
    offset += got;
  }
  return XXH3_64bits_digest(&state);
}

template <typename Number>
void put(std::string& to, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i) to += static_cast<char>(value >> (8 * i) & 0xff);
}

std::string user_block(std::uint64_t length, std::uint64_t hash) {
  std::string block(kMagic, sizeof kMagic);
  put(block, kVersion);
  put(block, std::uint32_t{0});
  put(block, length);
  put(block, hash);
  block.resize(kUserBlock);
  return block;
}

}  // namespace

H5Writer::H5Writer(std::string path) : path_(std::move(path)) {
  const Lock lock;
  const Id creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  written(H5Pset_userblock(creation, kUserBlock), path_);
  written(H5Pset_obj_track_times(creation, false), path_);
  const Id access = access_list();
  file_ = H5Fcreate(path_.c_str(), H5F_ACC_EXCL, creation, access);
  if (file_ < 0) cannot_write(path_);
}

H5Writer::~H5Writer() {
  const Lock lock;
  if (file_ >= 0) H5Fclose(file_);
}

void H5Writer::text(const std::string& name, std::string_view value) {
  const Lock lock;
  const std::string bytes = value.empty() ? std::string(1, '\0') : std::string(value);
  const Id type(written(H5Tcopy(H5T_C_S1), path_), H5Tclose);
  written(H5Tset_size(type, bytes.size()), path_);
  written(H5Tset_strpad(type, H5T_STR_NULLPAD), path_);
  const Id space(written(H5Screate(H5S_SCALAR), path_), H5Sclose);
  const Id attribute(written(H5Acreate2(file_, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), path_),
                     H5Aclose);
  written(H5Awrite(attribute, type, bytes.data()), path_);
}

void H5Writer::number(const std::string& name, std::uint64_t value) {
  const Lock lock;
  const Id space(written(H5Screate(H5S_SCALAR), path_), H5Sclose);
  const Id attribute(
      written(H5Acreate2(file_, name.c_str(), H5T_STD_U64LE, space, H5P_DEFAULT, H5P_DEFAULT), path_),
      H5Aclose);
  written(H5Awrite(attribute, H5T_NATIVE_UINT64, &value), path_);
}

void H5Writer::numbers(const std::string& name, const std::vector<std::uint64_t>& values) {
  const Lock lock;
  write_dataset(file_, path_, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, 8, values.size(), values.data());
}

void H5Writer::signed_numbers(const std::string& name, const std::vector<std::int64_t>& values) {
  const Lock lock;
  write_dataset(file_, path_, name, H5T_STD_I64LE, H5T_NATIVE_INT64, 8, values.size(), values.data());
}

void H5Writer::strings(const std::string& name, const std::vector<std::string>& values) {
  std::vector<std::uint64_t> offsets{0};
  std::string data;
  for (const std::string& value : values) {
    data += value;
    offsets.push_back(data.size());
  }
  numbers(name + "_offsets", offsets);
  const Lock lock;
  write_dataset(file_, path_, name + "_data", H5T_STD_U8LE, H5T_NATIVE_UINT8, 1, data.size(), data.data());
}

void H5Writer::close() {
  const Lock lock;
  // A full disk may show only here.
  if (H5Fclose(std::exchange(file_, -1)) < 0) cannot_write(path_);
}

void H5Writer::finish() {
  close();
  Fd fd(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) throw_errno(ExitCode::Io, "write", path_, errno);
  const std::uint64_t length = status_of(fd.get(), path_).size;
  write_at(fd.get(), user_block(length, content_hash(fd.get(), length, path_)), 0, path_);
  fsync_file(fd.get(), path_);
  fd.close(path_);
}

H5Reader::H5Reader(std::string path) : path_(std::move(path)) {
  const Fd fd = open_to_read(path_);
  length_ = status_of(fd.get(), path_).size;
  std::string block(kUserBlock, '\0');
  const std::size_t got = read_at(fd.get(), block.data(), block.size(), 0, path_);
  if (got < kUserBlock) damaged(path_, "it is too short");
  if (std::memcmp(block.data(), kMagic, sizeof kMagic) != 0) damaged(path_, "it does not begin with THRESH");
  if (block != user_block(length_, content_hash(fd.get(), length_, path_))) {
    std::uint32_t version = 0;
    std::memcpy(&version, block.data() + sizeof kMagic, sizeof version);
    if (version != kVersion) damaged(path_, "or it was written by another version of thresh");
    damaged(path_, "its length or its checksum does not match");
  }
  const Lock lock;
  const Id access = access_list();
  file_ = H5Fopen(path_.c_str(), H5F_ACC_RDONLY, access);
  if (file_ < 0) damaged(path_, library_error());
}

H5Reader::~H5Reader() {
  const Lock lock;
  if (file_ >= 0) H5Fclose(file_);
}

std::string H5Reader::text(const std::string& name) const {
  const Lock lock;
  const Id attribute(read_well(H5Aopen(file_, name.c_str(), H5P_DEFAULT), path_), H5Aclose);
  const Id type(read_well(H5Aget_type(attribute), path_), H5Tclose);
  const Id space(read_well(H5Aget_space(attribute), path_), H5Sclose);
  const std::size_t size = H5Tget_size(type);
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 || size > length_ ||
      H5Sget_simple_extent_npoints(space) != 1) {
    damaged(path_, name + " is no text");
  }
  std::string value(size, '\0');
  read_well(H5Aread(attribute, type, value.data()), path_);
  while (!value.empty() && value.back() == '\0') value.pop_back();
  return value;
}

std::uint64_t H5Reader::number(const std::string& name) const {
  const Lock lock;
  const Id attribute(read_well(H5Aopen(file_, name.c_str(), H5P_DEFAULT), path_), H5Aclose);
  const Id type(read_well(H5Aget_type(attribute), path_), H5Tclose);
  const Id space(read_well(H5Aget_space(attribute), path_), H5Sclose);
  if (H5Tget_class(type) != H5T_INTEGER || H5Sget_simple_extent_npoints(space) != 1) {
    damaged(path_, name + " is no number");
  }
  std::uint64_t value = 0;
  read_well(H5Aread(attribute, H5T_NATIVE_UINT64, &value), path_);
  return value;
}

std::vector<std::uint64_t> H5Reader::numbers(const std::string& name) const {
  const Lock lock;
  return read_dataset<std::uint64_t>(file_, path_, length_, name, H5T_NATIVE_UINT64, H5T_INTEGER);
}

std::vector<std::int64_t> H5Reader::signed_numbers(const std::string& name) const {
  const Lock lock;
  return read_dataset<std::int64_t>(file_, path_, length_, name, H5T_NATIVE_INT64, H5T_INTEGER);
}

std::vector<std::string> H5Reader::strings(const std::string& name) const {
  const std::vector<std::uint64_t> offsets = numbers(name + "_offsets");
  const Lock lock;
  const auto data =
      read_dataset<std::uint8_t>(file_, path_, length_, name + "_data", H5T_NATIVE_UINT8, H5T_INTEGER);
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

}  // namespace thresh::storage
