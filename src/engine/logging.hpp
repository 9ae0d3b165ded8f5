// The log: one line an event on stderr, with time, level, worker and host.
#pragma once

#include <string>

#include "core/task.hpp"

namespace thresh::engine {

// The host's name without its domain.
std::string host_name();

// Sets spdlog's default logger up for this rank. Call once, before anything is logged.
// `level`: debug, info, warn or error.
void set_up_log(WorkerId self, const std::string& level);

// "thresh: " and the text as a line on stderr, not of the log. That nobody can read it is no failure of the
// job.
void say(const std::string& text) noexcept;

}  // namespace thresh::engine
