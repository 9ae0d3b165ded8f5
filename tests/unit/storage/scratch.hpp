// A directory of its own for each test, and short ways to put files in it.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/task.hpp"
#include "storage/posix.hpp"
#include "thresh/errors.hpp"

namespace thresh::storage::test {

// In memory where that is possible: there an fsync costs nothing, and these tests make thousands.
class Scratch {
 public:
  Scratch() {
    const bool in_memory = ::access("/dev/shm", W_OK | X_OK) == 0;
    const auto parent =
        in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
    std::string name = (parent / "thresh-storage-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  std::string write(const std::string& name, std::string_view bytes) const {
    const std::string path = *this / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::string make_directory(const std::string& name) const {
    std::filesystem::create_directories(*this / name);
    return *this / name;
  }

 private:
  std::string path_;
};

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("no " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline bool exists(const std::string& path) {
  return link_status(path).has_value();
}

inline InputFile listed(const std::string& path) {
  const auto status = file_status(path);
  if (!status) throw std::runtime_error("no " + path);
  return {path, status->size, status->mtime_ns};
}

// The error that `act` throws; a test fails if there is none.
struct Thrown {
  ExitCode code = ExitCode::Done;
  std::string what;
  bool says(const std::string& text) const { return what.find(text) != std::string::npos; }
};
template <typename Act>
Thrown thrown_by(Act act) {
  try {
    act();
  } catch (const Error& e) {
    return {e.code(), e.what()};
  }
  return {ExitCode::Done, "nothing was thrown"};
}

}  // namespace thresh::storage::test
