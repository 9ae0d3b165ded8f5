// What a job may ask of the engine while it maps and reduces.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "thresh/progress.hpp"
#include "thresh/record.hpp"

namespace thresh {

// User counters by name. They ride in runs and parts, so each split and each partition counts exactly once.
using Counters = std::map<std::string, std::uint64_t, std::less<>>;

class Locator {
 public:
  virtual ~Locator() = default;
  virtual Location locate(RecordId id) const = 0;
};

class Context {
 public:
  // Borrows all three; `locator` may be null where records cannot be located (while mapping).
  Context(Progress& progress, Counters& counters, const Locator* locator)
      : progress_(&progress), counters_(&counters), locator_(locator) {}

  void count(std::string_view name, std::uint64_t by = 1) {
    const auto at = counters_->find(name);
    if (at != counters_->end()) {
      at->second += by;
    } else {
      counters_->emplace(name, by);
    }
  }
  // Says that a record which takes long by nature is still being worked on.
  void alive() { progress_->step(); }
  void step() { progress_->step(); }
  Progress& progress() const noexcept { return *progress_; }
  // REQUIRES: called from reduce, in a job that declares `uses_locations`.
  Location locate(RecordId id) const { return locator_->locate(id); }

 private:
  Progress* progress_;
  Counters* counters_;
  const Locator* locator_;
};

}  // namespace thresh
