// For those who show what a long check is at.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace thresh::storage {

// Called before a file is read from end to end, which may take minutes, with its path and size in bytes; may
// be empty.
using BeforeReading = std::function<void(const std::string& path, std::uint64_t bytes)>;

}  // namespace thresh::storage
