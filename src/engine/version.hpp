// The version of the program.
#pragma once

namespace thresh::engine {

// Set by the build.
inline constexpr char kVersion[] = THRESH_VERSION;

}  // namespace thresh::engine
