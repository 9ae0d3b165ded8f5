#include "storage/claim.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdio>
#include <thread>

#include "core/text.hpp"
#include "storage/process.hpp"
#include "storage/sealed_json.hpp"

namespace thresh::storage {
namespace {

constexpr std::size_t kCounterDigits = 20;
constexpr std::string_view kReleased = "released            ";
static_assert(kReleased.size() == kCounterDigits);
constexpr char kFormat[] = "thresh claim";
constexpr int kSchema = 1;
constexpr int kStillIntervals = 3;
constexpr std::chrono::milliseconds kDefaultInterval{1000};
// What a file says is not trusted to make us wait for ever, or not at all.
constexpr std::chrono::milliseconds kShortestInterval{5};
constexpr std::chrono::milliseconds kLongestInterval{20'000};

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

// Process ids mean something within one of these.
std::string pid_namespace() {
  char target[64] = {};
  const ssize_t size = ::readlink("/proc/self/ns/pid", target, sizeof target - 1);
  return size > 0 ? std::string(target, static_cast<std::size_t>(size)) : std::string();
}

std::string counter_text(std::uint64_t counter) {
  char text[kCounterDigits + 1];
  std::snprintf(text, sizeof text, "%020llu", static_cast<unsigned long long>(counter));
  return text;
}

std::string claim_path(const std::string& directory, Generation generation) {
  return directory + "/" + std::to_string(generation);
}

std::string claim_text(std::chrono::milliseconds interval) {
  const auto pid = static_cast<std::uint64_t>(::getpid());
  const auto self = process_state(pid);
  Json json;
  json["host"] = to_json_text(host_name());
  json["boot_id"] = to_json_text(small_file("/proc/sys/kernel/random/boot_id"));
  json["pid_namespace"] = to_json_text(pid_namespace());
  json["pid"] = pid;
  json["start_time"] = self ? self->start_time : "";
  json["interval_ms"] = interval.count();
  json["nonce"] = random_hex(8);
  return counter_text(0) + "\n" + seal_json(std::move(json), kFormat, kSchema);
}

struct Holder {
  std::string host;
  std::uint64_t pid = 0;
  std::chrono::milliseconds interval = kDefaultInterval;
  bool gone = false;                                      // known at once
  bool there = false;                                     // on this host, and not known to be dead
  std::optional<std::uint64_t> cpu_ticks = std::nullopt;  // if it is another process of this host
};

Holder parse_holder(const std::string& text, const std::string& path) {
  Holder holder;
  if (text.compare(0, kCounterDigits, kReleased) == 0) holder.gone = true;
  if (text.size() <= kCounterDigits) return holder;
  try {
    const Json json = unseal_json(std::string_view(text).substr(kCounterDigits + 1), kFormat, kSchema, path);
    reading_json(path, [&] {
      holder.host = from_json_text(json.at("host").get<std::string>());
      holder.pid = json.at("pid").get<std::uint64_t>();
      holder.interval = std::chrono::milliseconds(json.at("interval_ms").get<std::int64_t>());
      const bool same_host = holder.host == host_name() &&
                             json.at("boot_id").get<std::string>() ==
                                 to_json_text(small_file("/proc/sys/kernel/random/boot_id")) &&
                             json.at("pid_namespace").get<std::string>() == to_json_text(pid_namespace());
      if (!same_host || !process_state(static_cast<std::uint64_t>(::getpid()))) return;
      const auto process = process_state(holder.pid);
      holder.there = process
                         ? !process->dead() && process->start_time == json.at("start_time").get<std::string>()
                         : process_exists(holder.pid);
      holder.gone = holder.gone || !holder.there;
      if (process && !holder.gone && holder.pid != static_cast<std::uint64_t>(::getpid())) {
        holder.cpu_ticks = process->cpu_ticks;
      }
    });
  } catch (const Error&) {
    // A damaged claim: its counter still tells.
  }
  holder.interval = std::clamp(holder.interval, kShortestInterval, kLongestInterval);
  return holder;
}

// Whether a holder on this host computed while it was watched: then it works, on a record that takes long,
// say. A process that waits for something takes a hundredth of a core at most.
bool computed(const Holder& before, const Holder& now, std::chrono::milliseconds watched) {
  if (!before.cpu_ticks || !now.cpu_ticks) return false;
  const std::chrono::milliseconds tick(1000 / std::max(sysconf(_SC_CLK_TCK), 1L));
  return (*now.cpu_ticks - *before.cpu_ticks) * tick >= std::max(watched / 50, 2 * tick);
}

std::string name_of(const Holder& holder) {
  return holder.host.empty() ? std::string("a process that cannot be named")
                             : "host " + printable(holder.host) + ", process " + std::to_string(holder.pid);
}

// None if the file is not there.
std::optional<std::string> claim_content(const std::string& path) {
  if (!link_status(path)) return std::nullopt;
  return read_file(path);
}

}  // namespace

std::optional<Claim> Claim::take(const std::string& directory, Generation generation,
                                 std::chrono::milliseconds interval) {
  const std::string unique = write_temporary(directory, claim_text(interval));
  const auto file = link_status(unique);
  if (!file || !claim_name(unique, claim_path(directory, generation))) return std::nullopt;
  fsync_directory(directory);
  return Claim(directory, generation, *file);
}

void Claim::write_counter(std::string_view text) noexcept {
  try {
    const std::string path = claim_path(directory_, generation_);
    // Opened and closed each time, so that NFS hands it over.
    Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd || !status_of(fd.get(), path).same_file(file_)) return;
    write_at(fd.get(), text, 0, path);
    fd.close(path);
  } catch (const std::exception&) {
    // A holder that cannot show that it lives may be replaced: that is safe.
  }
}

void Claim::refresh() noexcept {
  write_counter(counter_text(++counter_));
}

void Claim::release() noexcept {
  write_counter(kReleased);
}

bool Claim::still_highest() const {
  const auto file = link_status(claim_path(directory_, generation_));
  if (!file || !file->same_file(file_)) return false;
  return highest_claim(directory_) == generation_ && !link_status(claim_path(directory_, generation_ + 1));
}

Generation highest_claim(const std::string& directory) {
  Generation highest = 0;
  for (const std::string& name : list_directory(directory)) {
    Generation generation = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), generation);
    if (error == std::errc() && end == name.data() + name.size()) highest = std::max(highest, generation);
  }
  return highest;
}

std::optional<ClaimNote> read_claim(const std::string& directory, Generation generation) {
  const std::string path = claim_path(directory, generation);
  const auto content = claim_content(path);
  if (!content) return std::nullopt;
  const Holder holder = parse_holder(*content, path);
  return ClaimNote{holder.host, holder.pid, content->compare(0, kCounterDigits, kReleased) == 0,
                   holder.there};
}

std::optional<std::string> holder_at_work(const std::string& directory, Generation generation) {
  const std::string path = claim_path(directory, generation);
  const auto first = claim_content(path);
  if (!first) return std::nullopt;
  const Holder holder = parse_holder(*first, path);
  if (holder.gone) return std::nullopt;
  for (int i = 0; i < kStillIntervals; ++i) {
    std::this_thread::sleep_for(holder.interval);
    const auto now = claim_content(path);
    if (!now || now->compare(0, kCounterDigits, kReleased) == 0) return std::nullopt;
    if (now->compare(0, kCounterDigits, *first, 0, kCounterDigits) != 0) return name_of(holder);
  }
  if (computed(holder, parse_holder(*first, path), kStillIntervals * holder.interval)) return name_of(holder);
  return std::nullopt;
}

std::optional<std::string> holder_at_work(const std::string& directory) {
  if (!link_status(directory)) return std::nullopt;
  const Generation highest = highest_claim(directory);
  return highest == 0 ? std::nullopt : holder_at_work(directory, highest);
}

bool holder_is_gone(const std::string& directory, Generation generation) {
  const std::string path = claim_path(directory, generation);
  const auto content = claim_content(path);
  return content && parse_holder(*content, path).gone;
}

}  // namespace thresh::storage
