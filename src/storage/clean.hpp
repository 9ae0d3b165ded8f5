// Removing from an output directory what a run that was killed left and nobody needs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "storage/inventory.hpp"

namespace thresh::storage {

struct Removal {
  std::string path;
  std::string why;
};

// What clean() would remove, in order; directories last, which go only if they are empty then.
//
// An unfinished job keeps job.h5, its outcome, its last generation, its verdicts, and every part and run that
// it may use. Of what is left of a finished job, or of one that never began, all goes that is ours by name.
// Damaged files stay: a start passes over them, and thresh verify names them.
std::vector<Removal> plan_cleaning(const Inventory& inventory);

// Claims the next generation, so that no run starts meanwhile, and removes. Calls `removed` for each that was
// there. Throws Error{StoppedEarly} if a run is at work.
void clean(const std::string& output, const std::function<void(const Removal&)>& removed);

// Throws Error{StoppedEarly} if a run is at work; takes up to three of its intervals to know.
void refuse_if_at_work(const Inventory& inventory);

}  // namespace thresh::storage
