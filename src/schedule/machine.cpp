#include "schedule/machine.hpp"

namespace thresh::schedule {

std::string_view action_name(Action action) noexcept {
  switch (action) {
    case Action::Partitioned:
      return "partitioned";
    case Action::AlreadyComplete:
      return "already_complete";
    case Action::Mapped:
      return "mapped";
    case Action::Shuffled:
      return "shuffled";
    case Action::NextWave:
      return "next_wave";
    case Action::Reduced:
      return "reduced";
    case Action::Published:
      return "published";
    case Action::Lost:
      return "lost";
    case Action::Recovered:
      return "recovered";
    case Action::GivenUp:
      return "given_up";
    case Action::Failed:
      return "failed";
  }
  return "unknown";
}

}  // namespace thresh::schedule
