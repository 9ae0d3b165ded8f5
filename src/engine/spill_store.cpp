#include "engine/spill_store.hpp"

#include "engine/stopwatch.hpp"

namespace thresh::engine {

std::uint64_t SpillStore::append(const std::vector<std::string_view>& pieces) {
  const Stopwatch stopwatch(stats_->spill_ns);
  drill_->reach("spill");
  for (const std::string_view piece : pieces) stats_->spilled_bytes += piece.size();
  if (!drill_->corrupts("spill")) return scratch_.append(pieces);
  std::string damaged;
  for (const std::string_view piece : pieces) damaged += piece;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  return scratch_.append({damaged});
}

}  // namespace thresh::engine
