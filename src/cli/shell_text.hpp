// Commands as they are to be typed into a shell.
#pragma once

#include <string>
#include <vector>

namespace thresh::cli {

// The words with blanks between them, quoted where a shell would read something else.
std::string shell_text(const std::vector<std::string>& words);

}  // namespace thresh::cli
