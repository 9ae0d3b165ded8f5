// How much memory a rank may use when nobody said.
#pragma once

#include <cstdint>

namespace thresh::engine {

// Bytes: an equal share of half of the memory that is available on this node (MemAvailable), at least 64 MiB.
std::uint64_t default_memory_budget(int ranks_of_this_node);

}  // namespace thresh::engine
