#include "storage/top_lines.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "core/text.hpp"
#include "storage/manifest.hpp"
#include "storage/part_writer.hpp"
#include "storage/posix.hpp"

namespace thresh::storage {
namespace {

struct Candidate {
  PartitionId partition;
  const TopLine* line;
};

bool comes_before(const Candidate& a, const Candidate& b) {
  if (a.line->rank != b.line->rank || a.line->key != b.line->key || a.partition == b.partition) {
    return ranks_before(*a.line, *b.line);
  }
  return a.partition < b.partition;
}

std::string read_line(const std::string& path, const TopLine& line) {
  const Fd fd = open_to_read(path);
  std::string text(line.size, '\0');
  if (read_at(fd.get(), text.data(), text.size(), line.offset, path) != text.size()) {
    throw Error(ExitCode::Io, printable(path) + " lacks the line at offset " + std::to_string(line.offset));
  }
  return text;
}

// False if nobody reads any more.
bool print(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EPIPE) return false;
    if (put < 0) throw_errno(ExitCode::Io, "write to", "standard output", errno);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace

void print_top(const std::string& output, const std::vector<PartSummary>& parts, std::size_t n, int fd) {
  std::vector<Candidate> candidates;
  for (const PartSummary& part : parts) {
    for (const TopLine& line : part.top) candidates.push_back({part.partition, &line});
  }
  std::sort(candidates.begin(), candidates.end(), comes_before);
  if (candidates.size() > n) candidates.resize(n);
  for (const Candidate& candidate : candidates) {
    const std::string path = output + "/" + part_name(candidate.partition);
    if (!print(fd, read_line(path, *candidate.line))) return;
  }
}

}  // namespace thresh::storage
