#include "storage/new_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "core/text.hpp"
#include "storage/posix.hpp"

namespace thresh::storage {
namespace {

[[noreturn]] void name_taken(const std::string& path) {
  throw Error(ExitCode::CannotCreate, printable(path) + " exists already: choose another name or remove it");
}

// "data/" and "data" are the same name.
std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// A unique name beside `path`.
std::string temporary_for(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return (parent.empty() ? "" : parent + "/") + std::string(kTemporaryPrefix) + random_hex(8);
}

// `name`: what the user knows it as.
void fill(const std::string& path, const std::string& name, const NextPiece& next) {
  Fd fd = create_new(path, name, ExitCode::CannotCreate);
  std::string buffer;
  for (bool more = true; more;) {
    buffer.clear();
    more = next(buffer);
    write_all(fd.get(), buffer, name);
  }
  fd.close(name);
}

void give_name(const std::string& temporary, const std::string& path) {
  if (rename_to_free_name(temporary, path) != RenameResult::Done) name_taken(path);
}

}  // namespace

void write_new_file(const std::string& path, const NextPiece& next) {
  if (link_status(path, ExitCode::CannotCreate)) name_taken(path);
  const std::string temporary = temporary_for(path);
  try {
    fill(temporary, path, next);
    give_name(temporary, path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

void write_new_directory(const std::string& name, const std::vector<NewFile>& files) {
  const std::string path = without_slashes(name);
  if (link_status(path, ExitCode::CannotCreate)) name_taken(path);
  const std::string temporary = temporary_for(path);
  if (::mkdir(temporary.c_str(), 0777) != 0) {
    throw_errno(ExitCode::CannotCreate, "create the directory", path, errno);
  }
  try {
    for (const NewFile& file : files) {
      fill(temporary + "/" + file.name, path + "/" + file.name, file.begin());
    }
    give_name(temporary, path);
  } catch (...) {
    for (const NewFile& file : files) ::unlink((temporary + "/" + file.name).c_str());
    ::rmdir(temporary.c_str());
    throw;
  }
}

}  // namespace thresh::storage
