// Commands as they are to be typed into a shell.
#pragma once

#include <string>
#include <vector>

namespace thresh::cli {

// The words with blanks between them, quoted where a shell would read something else. One with control
// characters or bytes that are not UTF-8, which no message shows as they are, becomes $'...', as bash, zsh
// and ksh read it.
std::string shell_text(const std::vector<std::string>& words);

}  // namespace thresh::cli
