#include "storage/clean.hpp"

#include <chrono>

#include "core/text.hpp"
#include "storage/posix.hpp"
#include "storage/run_file.hpp"

namespace thresh::storage {
namespace {

constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::size_t kRemovalsPerRefresh = 64;

class Planner {
 public:
  explicit Planner(const Inventory& inventory) : inventory_(inventory), paths_(inventory.paths) {}

  std::vector<Removal> run() {
    for (const std::string& path : inventory_.temporaries) remove(path, "was being written");
    if (inventory_.leftovers || nothing_unfinished(paths_)) {
      remove_all(inventory_.leftovers ? "is left of the finished job" : "belongs to no job");
    } else {
      remove_useless_parts();
      remove_runs_of_others();
      remove_old_generations();
    }
    return std::move(removals_);
  }

 private:
  void remove(const std::string& path, const std::string& why) { removals_.push_back({path, why}); }
  void remove_if_there(const std::string& path, const std::string& why) {
    if (link_status(path)) remove(path, why);
  }

  void remove_part(const FoundPart& part, const std::string& why) {
    if (part.there) remove(paths_.part(part.file), why);
    if (part.has_sidecar) remove(paths_.part(commit_name(part.file)), why);
  }

  void remove_useless_parts() {
    // A publication moves parts and still names them; without job.h5 nobody knows whose they are.
    if (!inventory_.job || link_status(paths_.decision())) return;
    for (const FoundPart& part : inventory_.parts) {
      if (!part.has_sidecar) {
        remove_part(part, "was never committed");
      } else if (part.commit && part.commit->job_id != inventory_.job_id()) {
        remove_part(part, "is of another job");
      } else if (part.commit && !part.there) {
        remove_part(part, "is the commit of a part that is gone");
      }
    }
  }

  void remove_runs_of_others() {
    if (!inventory_.job) return;
    for (const std::string& path : inventory_.runs) {
      if (parse_run_file_name(path.substr(path.rfind('/') + 1))->job_id == inventory_.job_id()) continue;
      remove(path, "is of another job");
    }
  }

  void remove_old_generations() {
    for (std::size_t i = 0; i + 1 < inventory_.generations.size(); ++i) {
      remove(paths_.generations() + "/" + std::to_string(inventory_.generations[i]), "is an old generation");
    }
  }

  // job.h5 goes last, so that what is left after a crash can still be told.
  void remove_all(const std::string& why) {
    for (const FoundPart& part : inventory_.parts) remove_part(part, why);
    for (const std::string& path : inventory_.runs) remove(path, why);
    for (const std::string& name : inventory_.attempts) remove(paths_.attempts() + "/" + name, why);
    for (const std::string& name : inventory_.drills) remove(paths_.drills() + "/" + name, why);
    for (const std::string& name : inventory_.tokens) remove(paths_.job_dir() + "/" + name, why);
    for (const Generation generation : inventory_.generations) {
      remove(paths_.generations() + "/" + std::to_string(generation), why);
    }
    for (const std::string& path : {paths_.outcome(), paths_.status(), paths_.checkpoint_pointer(),
                                    paths_.decision(), paths_.job_file()}) {
      remove_if_there(path, why);
    }
    for (const std::string& path : inventory_.run_directories) remove_if_there(path, "is empty");
    for (const std::string& path :
         {paths_.parts(), paths_.attempts(), paths_.drills(), paths_.generations(), paths_.job_dir()}) {
      remove_if_there(path, "is empty");
    }
  }

  const Inventory& inventory_;
  const JobPaths& paths_;
  std::vector<Removal> removals_;
};

bool carry_out_removal(const std::string& path) {
  const auto status = link_status(path);
  if (!status) return false;
  return status->kind == FileStatus::Kind::Directory ? remove_directory_if_empty(path) : remove_file(path);
}

}  // namespace

std::vector<Removal> plan_cleaning(const Inventory& inventory) {
  if (!inventory.has_job_directory) return {};
  return Planner(inventory).run();
}

void refuse_if_at_work(const Inventory& inventory) {
  const Generation last = inventory.last_generation();
  if (last == 0) return;
  if (const auto holder = holder_at_work(inventory.paths.generations(), last)) {
    throw Error(ExitCode::StoppedEarly, "a run is at work (" + *holder + ") in " +
                                            printable(inventory.paths.output) + ": nothing was removed");
  }
}

void clean(const std::string& output, const std::function<void(const Removal&)>& removed) {
  const Inventory before = take_inventory(output);
  if (plan_cleaning(before).empty()) return;
  refuse_if_at_work(before);
  const std::string generations = before.paths.generations();
  make_directories(generations);
  auto claim = Claim::take(generations, highest_claim(generations) + 1, kInterval);
  if (!claim) {
    throw Error(ExitCode::StoppedEarly,
                "a run has just started in " + printable(output) + ": nothing was removed");
  }
  // Until the claim was ours others could act.
  std::size_t count = 0;
  try {
    for (const Removal& removal : plan_cleaning(take_inventory(output))) {
      if (++count % kRemovalsPerRefresh == 0) claim->refresh();
      if (carry_out_removal(removal.path)) removed(removal);
    }
  } catch (...) {
    claim->release();
    throw;
  }
  claim->release();
}

}  // namespace thresh::storage
