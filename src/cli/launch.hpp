// `thresh launch`: starts a job on ranks, by the mpirun that is there, and supervises it.
#pragma once

#include "cli/tool.hpp"

namespace thresh::cli {

Tool launch_tool();

}  // namespace thresh::cli
