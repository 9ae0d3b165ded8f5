// The edge to libhdf5, for the files that include hdf5.h: its lock, handles that close themselves, and its
// errors as ours.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace thresh::storage::h5 {

using Hid = std::int64_t;  // hid_t

// Of a piece that is read or written, and of a chunk of a dataset.
inline constexpr std::size_t kPieceBytes = 1 << 20;

// Held round every use of the library, for no longer than a call takes. HDF5 prints its errors unless told
// otherwise, thread by thread.
class Lock {
 public:
  Lock();

 private:
  std::lock_guard<std::mutex> guard_;
};

// Owns what the library handed out. REQUIRES: the lock, also to destroy.
class Handle {
 public:
  using Close = int (*)(Hid);
  Handle(Hid id, Close close) noexcept : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  operator Hid() const noexcept { return id_; }  // NOLINT(google-explicit-constructor): a borrowed id
  Hid release() noexcept { return std::exchange(id_, -1); }

 private:
  Hid id_;
  Close close_;
};

[[noreturn]] void cannot_write(const std::string& path);  // Error{Io}: what the library said
[[noreturn]] void damaged(const std::string& path, const std::string& why);  // Error{BadData}
[[noreturn]] void cannot_read(const std::string& path);                      // damaged: what the library said

// Results below zero are failures.
template <typename Result>
Result written(Result result, const std::string& path) {
  if (result < 0) cannot_write(path);
  return result;
}
template <typename Result>
Result read_well(Result result, const std::string& path) {
  if (result < 0) cannot_read(path);
  return result;
}

// How files are opened and created.
Handle access_list();

// "run0/keys" is "keys" of the object "run0"; without a slash the object is the root group.
struct AttributeName {
  std::string object;
  std::string name;
};
AttributeName attribute_name(const std::string& path);

}  // namespace thresh::storage::h5
