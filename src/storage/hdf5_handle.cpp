#include "storage/hdf5_handle.hpp"

#include <hdf5.h>

#include <string_view>
#include <type_traits>

#include "core/text.hpp"
#include "thresh/errors.hpp"

namespace thresh::storage::h5 {
namespace {

static_assert(std::is_same_v<hid_t, Hid> && std::is_same_v<herr_t, int>, "HDF5 1.10 or later");

std::mutex& mutex() {
  static std::mutex one;
  return one;
}

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

}  // namespace

Lock::Lock() : guard_(mutex()) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

void cannot_write(const std::string& path) {
  throw Error(ExitCode::Io, "cannot write " + printable(path) + ": " + library_error());
}
void damaged(const std::string& path, const std::string& why) {
  throw Error(ExitCode::BadData, printable(path) + " is damaged: " + printable(why, 300));
}
void cannot_read(const std::string& path) {
  damaged(path, library_error());
}

Handle access_list() {
  Handle list(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // Since 1.10 a dataset of one chunk, which most of ours are, needs no index of 2 KiB.
  H5Pset_libver_bounds(list, H5F_LIBVER_V110, H5F_LIBVER_V110);
  H5Pset_fclose_degree(list, H5F_CLOSE_STRONG);
  // A chunk that does not fit in its cache would be read again for each piece of it.
  H5Pset_cache(list, 0, 521, 2 * kPieceBytes, 1.0);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(list, 0, 1);  // some file systems refuse locks; ours is one writer a file
#endif
  return list;
}

AttributeName attribute_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace thresh::storage::h5
