// Publishing: from committed parts to OUTPUT/part-*, metrics.json and _SUCCESS.
//
// The decision to publish is one file, .thresh/publish.json, that holds everything needed to finish: which
// part file becomes which part, the manifest, the metrics, and which files of a replaced job go. It is
// written whole and gets its name by link(2), so there is one decision a job and it is never half there. From
// then on anyone may carry it out, and every step may be done again:
//
//   1. a replaced job's _SUCCESS is removed   before its parts are touched: no moment at which an old
//   _SUCCESS
//                                             stands beside new parts
//   2. the parts are renamed into place       a part that is not at its old name must be at its new one, with
//                                             the right bytes
//   3. the replaced job's other parts are removed
//   4. OUTPUT is synced                       so that _SUCCESS never outlives a part
//   5. metrics.json is written
//   6. _SUCCESS is written                    from here the job is done
//   7. .thresh is removed
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/task.hpp"
#include "storage/job_paths.hpp"

namespace thresh::storage {

struct Publication {
  struct Part {
    std::string file;  // in .thresh/parts
    std::string name;  // in OUTPUT
    std::uint64_t bytes = 0;
    std::uint64_t checksum = 0;
  };
  std::string job_id;
  std::vector<Part> parts;
  std::string manifest;                     // the text of _SUCCESS
  std::string metrics;                      // the text of metrics.json
  std::string replaced_job_id;              // empty: nothing is replaced
  std::vector<std::string> replaced_parts;  // names in OUTPUT
};

// Called before each step with its name: "publish:decide", "publish:part-00003.tsv", ... For fault drills.
using StepHook = std::function<void(std::string_view step)>;

// None if there is no decision. Throws Error{BadData} if it is damaged.
std::optional<Publication> read_decision(const JobPaths& paths);
// False if one was there already.
bool decide(const JobPaths& paths, const Publication& publication);

// Steps 1 to 7. False, and no more is touched, once the decision is not there any more: someone else carried
// it out to its end, or discarded it. Throws Error{CannotCreate} when a file that we did not write has the
// name of a part, Error{Io} when a part is lost; then running the same command again goes on.
bool carry_out(const JobPaths& paths, const Publication& publication, const StepHook& hook);

// Undoes a decision that is not carried out: removes the parts that were moved already and what it replaces,
// then the decision. Files with other bytes stay.
void discard(const JobPaths& paths, const Publication& publication);

}  // namespace thresh::storage
