// The log: one line an event on stderr, with time, level, worker and host.
#pragma once

#include <string>

#include "core/task.hpp"

namespace thresh::engine {

// The host's name without its domain.
std::string host_name();

// Sets the log up for this rank. Call once, before anything is logged. `level`, which is worth a line, as are
// those above it: debug, info, warn or error.
void set_up_log(WorkerId self, const std::string& level);
// Of one level each. Texts, as spdlog's templates take longer to compile than all that calls them.
void log_debug(const std::string& text);
void log_info(const std::string& text);
void log_warning(const std::string& text);
void log_error(const std::string& text);
// Before a process ends itself.
void end_log();

// "thresh: " and the text as a line on stderr, not of the log. That nobody can read it is no failure of the
// job.
void say(const std::string& text) noexcept;

}  // namespace thresh::engine
