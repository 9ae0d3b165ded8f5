#include "schedule/cover.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "thresh/errors.hpp"
#include "thresh/hash.hpp"

namespace thresh::schedule {
namespace {

// The hash of all the bytes, without having them all: there may be millions of splits.
class Digest {
 public:
  Digest() { XXH3_64bits_reset(&state_); }
  void add(const SplitSignature& signature) {
    if (size_ + 5 * 8 > bytes_.size()) flush();
    append_le(signature.split);
    append_le(signature.records);
    append_le(signature.emits);
    append_le(signature.hash_sum);
    append_le(signature.weight);
  }
  std::uint64_t value() {
    flush();
    return XXH3_64bits_digest(&state_);
  }

 private:
  void append_le(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) bytes_[size_++] = static_cast<char>((value >> shift) & 0xFF);
  }
  void flush() {
    XXH3_64bits_update(&state_, bytes_.data(), size_);
    size_ = 0;
  }

  XXH3_state_t state_;
  std::array<char, 4000> bytes_{};
  std::size_t size_ = 0;
};

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
  Digest digest;
  for (const SplitSignature& signature : signatures) digest.add(signature);
  return digest.value();
}

std::uint64_t cover_digest(const Job& job) {
  Digest digest;
  for (const auto& signature : job.signatures) {
    if (signature) digest.add(*signature);
  }
  return digest.value();
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
