#include "storage/process.hpp"

#include <cstdlib>
#include <iterator>
#include <sstream>
#include <vector>

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
  // The fields from the third on; the state is the first of them.
  std::istringstream fields(text.substr(at));
  const std::vector<std::string> values(std::istream_iterator<std::string>(fields), {});
  constexpr std::size_t kUserTime = 14 - 3, kSystemTime = 15 - 3, kStartTime = 22 - 3;
  if (values.size() <= kStartTime) return std::nullopt;
  found.start_time = values[kStartTime];
  found.cpu_ticks = std::strtoull(values[kUserTime].c_str(), nullptr, 10) +
                    std::strtoull(values[kSystemTime].c_str(), nullptr, 10);
  return found;
}

}  // namespace thresh::storage
