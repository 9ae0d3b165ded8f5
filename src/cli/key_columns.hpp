// --key N[,M], where it is written down, and the job that it makes.
#pragma once

#include <optional>
#include <string_view>

#include "storage/identity.hpp"
#include "thresh/job_type.hpp"
#include "thresh/key_columns.hpp"

namespace thresh::cli {

// Throws BadValue.
KeyColumns parse_key_columns(std::string_view text);

// The --key among the shaping options that are written down; none if it was not given.
std::optional<KeyColumns> recorded_key(const storage::JobIdentity& identity);

// The job that a directory was made by, with the --key that is recorded. None if this program does not have
// it.
std::optional<JobType> recorded_job(const storage::JobIdentity& identity);

}  // namespace thresh::cli
