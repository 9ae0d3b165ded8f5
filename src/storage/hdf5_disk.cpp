#include "storage/hdf5_disk.hpp"

#include <hdf5.h>
#if __has_include(<H5FDdevelop.h>)
#include <H5FDdevelop.h>  // from HDF5 1.14 on
#endif

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace thresh::storage::h5 {
namespace {

// HDF5 knows its first member, and hands its address around.
struct DiskFile {
  H5FD_t base{};
  int fd = -1;
  int error = 0;  // errno of the first write that failed
  haddr_t end_of_address = 0;
  haddr_t end_of_file = 0;
};

DiskFile& of(H5FD_t* file) {
  return *reinterpret_cast<DiskFile*>(file);
}
const DiskFile& of(const H5FD_t* file) {
  return *reinterpret_cast<const DiskFile*>(file);
}

int latest_error = 0;  // of the file that was opened or closed last; under the lock

H5FD_t* open_disk(const char* path, unsigned, hid_t, haddr_t) {
  auto file = std::make_unique<DiskFile>();
  file->fd = ::open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  latest_error = file->fd < 0 ? errno : 0;
  return file->fd < 0 ? nullptr : &file.release()->base;
}

herr_t close_disk(H5FD_t* base) {
  const std::unique_ptr<DiskFile> file(&of(base));
  if (::close(file->fd) != 0 && errno != EINTR && file->error == 0) file->error = errno;
  latest_error = file->error;
  return 0;
}

// What our files need of HDF5's own driver for files. The last one: no trace of the driver in the file.
herr_t query_disk(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

haddr_t get_eoa(const H5FD_t* file, H5FD_mem_t) {
  return of(file).end_of_address;
}
herr_t set_eoa(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  of(file).end_of_address = address;
  return 0;
}
haddr_t get_eof(const H5FD_t* file, H5FD_mem_t) {
  return of(file).end_of_file;
}
herr_t get_handle(H5FD_t* file, hid_t, void** handle) {
  *handle = &of(file).error;
  return 0;
}

herr_t read_disk(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
  const DiskFile& file = of(base);
  auto* to = static_cast<char*>(buffer);
  while (size > 0) {
    const ssize_t got = ::pread(file.fd, to, size, static_cast<off_t>(address));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) {  // past the end are zeros, as in HDF5's own driver
      std::memset(to, 0, size);
      return 0;
    }
    to += got;
    size -= static_cast<size_t>(got);
    address += static_cast<haddr_t>(got);
  }
  return 0;
}

herr_t write_disk(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, size_t size, const void* buffer) {
  DiskFile& file = of(base);
  const auto* from = static_cast<const char*>(buffer);
  file.end_of_file = std::max(file.end_of_file, address + size);
  while (size > 0 && file.error == 0) {
    const ssize_t put = ::pwrite(file.fd, from, size, static_cast<off_t>(address));
    if (put < 0) {
      if (errno != EINTR) file.error = errno;
      continue;
    }
    from += put;
    size -= static_cast<size_t>(put);
    address += static_cast<haddr_t>(put);
  }
  return 0;
}

herr_t truncate_disk(H5FD_t* base, hid_t, hbool_t) {
  DiskFile& file = of(base);
  if (file.end_of_address == file.end_of_file) return 0;
  if (file.error == 0 && ::ftruncate(file.fd, static_cast<off_t>(file.end_of_address)) != 0)
    file.error = errno;
  file.end_of_file = file.end_of_address;
  return 0;
}

H5FD_class_t disk_class() {
  H5FD_class_t driver{};
#ifdef H5FD_CLASS_VERSION
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(H5_VFD_RESERVED + 1);
#endif
  driver.name = "thresh";
  driver.maxaddr = (haddr_t{1} << 63) - 1;
  driver.fc_degree = H5F_CLOSE_STRONG;
  driver.open = open_disk;
  driver.close = close_disk;
  driver.query = query_disk;
  driver.get_eoa = get_eoa;
  driver.set_eoa = set_eoa;
  driver.get_eof = get_eof;
  driver.get_handle = get_handle;
  driver.read = read_disk;
  driver.write = write_disk;
  driver.truncate = truncate_disk;
  const H5FD_mem_t map[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(map), std::end(map), std::begin(driver.fl_map));
  return driver;
}

}  // namespace

int create_file(const char* path, Hid creation, Hid access, Hid& file) {
  static const H5FD_class_t driver = disk_class();
  static const hid_t registered = H5FDregister(&driver);
  latest_error = 0;
  file =
      H5Pset_driver(access, registered, nullptr) < 0 ? -1 : H5Fcreate(path, H5F_ACC_EXCL, creation, access);
  return latest_error;
}

int disk_error(Hid file) {
  void* error = nullptr;
  return H5Fget_vfd_handle(file, H5P_DEFAULT, &error) < 0 ? EIO : *static_cast<const int*>(error);
}

int close_file(Hid file) {
  latest_error = 0;
  const bool closed = H5Fclose(file) >= 0;
  return closed || latest_error != 0 ? latest_error : EIO;
}

}  // namespace thresh::storage::h5
