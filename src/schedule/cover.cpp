#include "schedule/cover.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "thresh/errors.hpp"
#include "thresh/hash.hpp"

namespace thresh::schedule {
namespace {

void append_le(std::string& to, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) to.push_back(static_cast<char>((value >> shift) & 0xFF));
}

}  // namespace

std::vector<CoveredRun> choose_cover(std::vector<CoveredRun> candidates) {
  std::sort(candidates.begin(), candidates.end(), [](const CoveredRun& a, const CoveredRun& b) {
    if (a.run.splits.size() != b.run.splits.size()) return a.run.splits.size() > b.run.splits.size();
    if (a.run.from_file != b.run.from_file) return b.run.from_file;
    return a.run.id < b.run.id;
  });
  std::unordered_set<SplitId> covered;
  std::vector<CoveredRun> cover;
  for (CoveredRun& candidate : candidates) {
    const auto& splits = candidate.run.splits;
    const bool overlaps = std::any_of(splits.begin(), splits.end(), [&](const SplitSignature& signature) {
      return covered.contains(signature.split);
    });
    if (overlaps) continue;
    for (const SplitSignature& signature : splits) covered.insert(signature.split);
    cover.push_back(std::move(candidate));
  }
  std::sort(cover.begin(), cover.end(),
            [](const CoveredRun& a, const CoveredRun& b) { return a.run.id < b.run.id; });
  return cover;
}

std::vector<SplitId> missing_splits(const std::vector<CoveredRun>& cover, std::size_t split_count) {
  std::vector<bool> covered(split_count, false);
  for (const CoveredRun& item : cover) {
    for (const SplitSignature& signature : item.run.splits) covered.at(signature.split) = true;
  }
  std::vector<SplitId> missing;
  for (std::size_t split = 0; split < split_count; ++split) {
    if (!covered[split]) missing.push_back(static_cast<SplitId>(split));
  }
  return missing;
}

std::uint64_t cover_digest(const std::vector<SplitSignature>& signatures) {
  std::string bytes;
  bytes.reserve(signatures.size() * 40);
  for (const SplitSignature& signature : signatures) {
    append_le(bytes, signature.split);
    append_le(bytes, signature.records);
    append_le(bytes, signature.emits);
    append_le(bytes, signature.hash_sum);
    append_le(bytes, signature.weight);
  }
  return hash_bytes(bytes);
}

std::uint64_t cover_digest(const Job& job) {
  std::vector<SplitSignature> known;
  known.reserve(job.signatures.size());
  for (const auto& signature : job.signatures) {
    if (signature) known.push_back(*signature);
  }
  return cover_digest(known);
}

std::optional<Failure> note_signature(Job& job, const SplitSignature& signature) {
  if (signature.split >= job.signatures.size()) {
    return Failure{
        static_cast<int>(ExitCode::Internal),
        "a worker speaks of split " + std::to_string(signature.split) + ", which the job does not have"};
  }
  std::optional<SplitSignature>& known = job.signatures[signature.split];
  if (!known) known = signature;
  if (*known == signature) return std::nullopt;
  return Failure{static_cast<int>(ExitCode::Internal),
                 "the job is not deterministic, or its input changed: mapping " +
                     split_text(job.plan, signature.split) + " gave " + std::to_string(known->emits) +
                     " emits once and " + std::to_string(signature.emits) + " emits" +
                     (known->emits == signature.emits ? " with other contents" : "") +
                     " another time; nothing was published"};
}

std::string split_text(const JobPlan& plan, SplitId split) {
  const Split& range = plan.splits.at(split);
  return plan.inputs.at(range.file).path + ", bytes " + std::to_string(range.begin) + " to " +
         std::to_string(range.end);
}

}  // namespace thresh::schedule
