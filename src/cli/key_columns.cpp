#include "cli/key_columns.hpp"

#include "cli/number.hpp"

namespace thresh::cli {

KeyColumns parse_key_columns(std::string_view text) {
  constexpr std::uint64_t kMost = UINT32_MAX - 1;
  const std::size_t comma = text.find(',');
  KeyColumns key;
  key.first = static_cast<std::uint32_t>(parse_count(text.substr(0, comma), 1, kMost));
  if (comma == std::string_view::npos) return key;
  const std::uint64_t last = parse_count(text.substr(comma + 1), 1, kMost);
  if (last < key.first) throw BadValue("ends before it begins");
  key.last = static_cast<std::uint32_t>(last);
  return key;
}

std::optional<KeyColumns> recorded_key(const storage::JobIdentity& identity) {
  const auto key = identity.shaping.find("key");
  if (key == identity.shaping.end() || key->second == "none") return std::nullopt;
  try {
    return parse_key_columns(key->second);
  } catch (const BadValue&) {
    return std::nullopt;  // of a job by that name that is not ours
  }
}

std::optional<JobType> recorded_job(const storage::JobIdentity& identity) {
  const JobType* job = find_job(identity.job);
  if (job == nullptr) return std::nullopt;
  const auto key = recorded_key(identity);
  return key && job->with_key ? job->with_key(*key) : *job;
}

}  // namespace thresh::cli
