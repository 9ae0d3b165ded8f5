#include "storage/process.hpp"

#include "storage/posix.hpp"
#include "thresh/errors.hpp"

namespace thresh::storage {

std::string small_file(const std::string& path) {
  try {
    std::string text = read_file(path);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  } catch (const Error&) {
    return {};
  }
}

std::optional<ProcessState> process_state(std::uint64_t pid) {
  const std::string text = small_file("/proc/" + std::to_string(pid) + "/stat");
  std::size_t at = text.rfind(')');  // the name before it may hold anything
  if (at == std::string::npos || at + 2 >= text.size()) return std::nullopt;
  at += 2;
  ProcessState found;
  found.state = text[at];
  for (int field = 3; field < 22 && at != std::string::npos; ++field) {
    at = text.find(' ', at);
    if (at != std::string::npos) ++at;
  }
  if (at == std::string::npos) return std::nullopt;
  found.start_time = text.substr(at, text.find(' ', at) - at);
  return found;
}

}  // namespace thresh::storage
