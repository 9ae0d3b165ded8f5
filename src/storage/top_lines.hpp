// --top: the best lines of a finished job.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/task.hpp"

namespace thresh::storage {

// Writes the `n` first lines by (rank descending, key ascending) of the published parts in `output` to `fd`,
// as they are in the parts. Reads those lines alone. Throws Error{Io} if a part cannot be read or `fd` cannot
// be written; a reader that went away early (EPIPE) is no error.
void print_top(const std::string& output, const std::vector<PartSummary>& parts, std::size_t n, int fd);

}  // namespace thresh::storage
