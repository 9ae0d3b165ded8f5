#include "engine/logging.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <new>

namespace thresh::engine {

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown-host";
  const std::string full(name.data());
  return full.substr(0, full.find('.'));
}

void set_up_log(WorkerId self, const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>("thresh", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l worker " + std::to_string(self) + " " + host_name() + ": %v");
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

void log_debug(const std::string& text) {
  spdlog::debug(text);
}

void log_info(const std::string& text) {
  spdlog::info(text);
}

void log_warning(const std::string& text) {
  spdlog::warn(text);
}

void log_error(const std::string& text) {
  spdlog::error(text);
}

void end_log() {
  spdlog::shutdown();
}

void say(const std::string& text) noexcept {
  try {
    std::fputs(("thresh: " + text + "\n").c_str(), stderr);
  } catch (const std::bad_alloc&) {
    std::fputs("thresh: out of memory\n", stderr);
  }
}

}  // namespace thresh::engine
