#include "storage/process.hpp"

#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <string_view>

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
  const std::size_t name_end = text.rfind(')');  // the name before it may hold anything
  if (name_end == std::string::npos) return std::nullopt;
  constexpr int kState = 3, kUserTime = 14, kSystemTime = 15, kStartTime = 22;
  ProcessState found;
  std::string_view rest = std::string_view(text).substr(name_end + 1);
  for (int field = kState; field <= kStartTime; ++field) {
    if (!rest.starts_with(' ')) return std::nullopt;
    rest.remove_prefix(1);
    const std::string_view value = rest.substr(0, rest.find(' '));
    rest.remove_prefix(value.size());
    if (value.empty()) return std::nullopt;
    if (field == kState) found.state = value.front();
    if (field == kStartTime) found.start_time = value;
    if (field != kUserTime && field != kSystemTime) continue;
    std::uint64_t ticks = 0;
    (void)std::from_chars(value.data(), value.data() + value.size(), ticks);
    found.cpu_ticks += ticks;
  }
  return found;
}

bool process_exists(std::uint64_t pid) {
  if (pid == 0 || pid > INT_MAX) return false;  // to kill they mean something else
  return ::kill(static_cast<pid_t>(pid), 0) == 0 || errno != ESRCH;
}

}  // namespace thresh::storage
