#include "engine/part_committer.hpp"

#include "engine/stopwatch.hpp"

namespace thresh::engine {

void PartCommitter::commit(std::unique_ptr<storage::PartWriter> part) {
  Commit& commit = commits_.emplace_back(Commit{std::move(part), {}});
  try {
    thread_.add([this, &commit] { carry_out(commit); });
  } catch (...) {
    commits_.pop_back();
    throw;
  }
}

std::optional<CommitResult> PartCommitter::take_result() {
  if (commits_.size() == thread_.pending()) return std::nullopt;
  CommitResult result = std::move(commits_.front().result);
  commits_.pop_front();
  return result;
}

void PartCommitter::carry_out(Commit& commit) const {
  CommitResult& result = commit.result;
  try {
    const Stopwatch stopwatch(result.ns);
    drill_->reach("commit");
    result.part = commit.part->commit();
    if (drill_->corrupts("part")) flip_a_bit(parts_dir_ + "/" + result.part.file);
  } catch (...) {
    result.error = std::current_exception();
  }
}

}  // namespace thresh::engine
