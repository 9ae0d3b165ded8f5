// Sizes in bytes, as a user writes them.
#pragma once

#include <cstdint>
#include <string_view>

namespace thresh::cli {

// "4096", "64K", "1.5G", "2MiB": units K, M, G, T (either case, "B" or "iB" may follow) are powers of 1024.
// A fraction of a byte is dropped. Throws BadValue for anything else, for zero and past `most`.
std::uint64_t parse_size(std::string_view text, std::uint64_t most = INT64_MAX);

}  // namespace thresh::cli
