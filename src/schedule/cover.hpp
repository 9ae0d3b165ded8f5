// Which runs count. A cover is a set of runs in which no split occurs twice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/task.hpp"
#include "schedule/job.hpp"

namespace thresh::schedule {

// Chosen greedily: runs with more splits first, then those in memory, then by id. Where two overlap, the
// later one is dropped; what it alone had is to be mapped again. Comes out in order of run id.
std::vector<CoveredRun> choose_cover(std::vector<CoveredRun> candidates);

// The splits, of `split_count`, that no run of the cover has. Ascending.
std::vector<SplitId> missing_splits(const std::vector<CoveredRun>& cover, std::size_t split_count);

// XXH3 over the signatures in order of their splits. Run ids do not enter: two covers of the same splits with
// the same signatures are the same data. REQUIRES: sorted by split id.
std::uint64_t cover_digest(const std::vector<SplitSignature>& signatures);
// Of all signatures that the job knows.
std::uint64_t cover_digest(const Job& job);

// Remembers what mapping the split gave. A failure (Internal) if it gave something else before: then the job
// is not deterministic, or the file changed. Also if the job has no such split.
std::optional<Failure> note_signature(Job& job, const SplitSignature& signature);

// "data/book.txt, bytes 0 to 65536". REQUIRES: the plan has the split.
std::string split_text(const JobPlan& plan, SplitId split);

}  // namespace thresh::schedule
