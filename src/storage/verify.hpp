// Whether everything that an output or a job directory holds is what was written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/row.hpp"
#include "storage/inventory.hpp"
#include "storage/reading.hpp"

namespace thresh::storage {

struct Verification {
  std::vector<std::string> bad;    // a line a file, naming it and why
  std::vector<std::string> notes;  // what may be there but is of no use to the job
  std::uint64_t files = 0;         // that were checked, bad ones too
  std::uint64_t bytes = 0;         // of those that were read through
};

// A finished output: its parts by size, lines and XXH3, none missing and no other; metrics.json.
// A job directory: all of its files, every committed part, and every row of every run. `format` is the job's;
// none if the job is not known here, and then runs are not looked into. `extension`: of its parts; what is
// not "tsv" need not hold as many lines as were counted.
Verification verify(const Inventory& inventory, const std::optional<RowFormat>& format,
                    std::string_view extension = "tsv", const BeforeReading& before_reading = {});

}  // namespace thresh::storage
