#include "storage/identity.hpp"

#include <algorithm>
#include <string_view>

#include "core/text.hpp"
#include "storage/posix.hpp"
#include "thresh/hash.hpp"

namespace thresh::storage {
namespace {

// Fields of no fixed length carry it, so that no two identities give the same bytes.
void put(std::string& to, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) to += static_cast<char>(value >> shift & 0xff);
}
void put(std::string& to, std::string_view text) {
  put(to, std::uint64_t{text.size()});
  to += text;
}

std::string was_is(const std::string& what, const std::string& was, const std::string& is) {
  return what + " was " + printable(was, 200) + ", is " + printable(is, 200);
}

std::optional<std::string> shaping_difference(const std::map<std::string, std::string>& was,
                                              const std::map<std::string, std::string>& is) {
  for (const auto& [option, value] : is) {
    const auto old = was.find(option);
    if (old == was.end()) return option + " was not set, is " + printable(value, 200);
    if (old->second != value) return was_is(option, old->second, value);
  }
  for (const auto& [option, value] : was) {
    if (is.count(option) == 0) return option + " was " + printable(value, 200) + ", is not set";
  }
  return std::nullopt;
}

std::optional<std::string> inputs_difference(const std::vector<InputFile>& was,
                                             const std::vector<InputFile>& is) {
  auto old = was.begin();
  auto now = is.begin();
  while (old != was.end() || now != is.end()) {
    if (old == was.end() || (now != is.end() && now->path < old->path)) {
      return "input " + printable(now->path) + " is new";
    }
    if (now == is.end() || old->path < now->path) return "input " + printable(old->path) + " is gone";
    if (old->size != now->size) {
      return "input " + printable(now->path) + " changed: size " + std::to_string(old->size) + " -> " +
             std::to_string(now->size);
    }
    if (old->mtime_ns != now->mtime_ns) return "input " + printable(now->path) + " was modified";
    ++old;
    ++now;
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t splits_digest(const std::vector<Split>& splits) {
  std::string bytes;
  bytes.reserve(24 * splits.size());
  for (const Split& split : splits) {
    put(bytes, std::uint64_t{split.file});
    put(bytes, split.begin);
    put(bytes, split.end);
  }
  return hash_bytes(bytes);
}

std::string fingerprint(const JobIdentity& identity) {
  std::string bytes;
  put(bytes, identity.job);
  put(bytes, identity.version);
  put(bytes, identity.build);
  put(bytes, std::uint64_t{identity.shaping.size()});
  for (const auto& [option, value] : identity.shaping) {
    put(bytes, option);
    put(bytes, value);
  }
  put(bytes, std::uint64_t{identity.inputs.size()});
  for (const InputFile& input : identity.inputs) {
    put(bytes, input.path);
    put(bytes, input.size);
    put(bytes, static_cast<std::uint64_t>(input.mtime_ns));
  }
  put(bytes, splits_digest(identity.splits));
  put(bytes, std::uint64_t{identity.partitions});
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return hex64(hash.high64) + hex64(hash.low64);
}

JobIdentity with_code_of(const RecordedJob& was, JobIdentity is) {
  is.version = was.identity.version;
  is.build = was.identity.build;
  return is;
}

JobIdentity with_limit_of(const RecordedJob& was, JobIdentity is) {
  constexpr const char* kLimit = "max-bad-records";
  const auto recorded = was.identity.shaping.find(kLimit);
  if (recorded != was.identity.shaping.end()) is.shaping[kLimit] = recorded->second;
  return is;
}

std::optional<std::string> first_difference(const RecordedJob& was, const JobIdentity& is) {
  const JobIdentity& old = was.identity;
  if (old.job != is.job) return was_is("the job", old.job, is.job);
  if (old.version != is.version) return was_is("the version of " + is.job, old.version, is.version);
  if (auto difference = shaping_difference(old.shaping, is.shaping)) return difference;
  if (auto difference = inputs_difference(old.inputs, is.inputs)) return difference;
  if (old.build != is.build) return was_is("the build of thresh", old.build, is.build);
  if (old.partitions != is.partitions) {
    return was_is("the number of partitions", std::to_string(old.partitions), std::to_string(is.partitions));
  }
  if (was.splits_digest != splits_digest(is.splits)) return "the inputs are split in another way";
  return std::nullopt;
}

}  // namespace thresh::storage
