// job.h5: what a job is, written once when it begins.
#pragma once

#include <string>

#include "storage/identity.hpp"

namespace thresh::storage {

// Writes the file under a unique name in `directory`, durably; the caller gives it its name. Returns its
// path.
std::string write_job_file(const std::string& directory, const std::string& job_id,
                           const JobIdentity& identity, const std::vector<std::string>& split_points = {});

// With the splits. Throws Error{BadData} naming the path if the file is not whole.
RecordedJob read_job_file(const std::string& path);

}  // namespace thresh::storage
