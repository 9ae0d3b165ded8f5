// The 512 bytes in front of an HDF5 file of ours, which say whether it is whole (see hdf5.hpp).
#pragma once

#include <cstddef>
#include <string>

#include "storage/posix.hpp"
#include "thresh/progress.hpp"

namespace thresh::storage::h5 {

inline constexpr std::size_t kUserBlock = 512;  // HDF5's least

// Writes the block of a file that HDF5 has closed, and makes the file durable if asked.
void seal(const std::string& path, bool fsync);
// Reads all of the file once and returns its status. Throws Error{BadData} if it is not what was sealed.
// Steps `progress` (may be null) for each piece.
FileStatus check_seal(const std::string& path, Progress* progress);

}  // namespace thresh::storage::h5
