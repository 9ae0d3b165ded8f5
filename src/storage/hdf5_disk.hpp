// How HDF5 writes our files: a driver of its own, which keeps a full disk from the library. libhdf5 cannot
// close a file that it could not write: it leaves dangling handles, and the process crashes when it ends. So
// the driver notes the first failure, takes everything else for written, and whoever writes asks for it.
#pragma once

#include "storage/hdf5_handle.hpp"

namespace thresh::storage::h5 {

// All of these hold the lock. What is returned as an int is 0, or the errno of the first failure.

// Creates a file of this name, which must not exist, for HDF5 to write. Without an error and with a file
// below zero, the library knows why.
int create_file(const char* path, Hid creation, Hid access, Hid& file);
// Of a file of create_file.
int disk_error(Hid file);
// Closes the file and all that is in it.
int close_file(Hid file);

}  // namespace thresh::storage::h5
