#include "cli/overdue.hpp"

namespace thresh::cli {
namespace {

using namespace std::chrono_literals;

struct Limit {
  std::chrono::milliseconds most;
  const char* what;
};

Limit limit_of(Overdue::Sign sign) {
  using Sign = Overdue::Sign;
  switch (sign) {
    case Sign::Done:
      return {30s, "the job is done and the command does not end"};
    case Sign::Ended:
      return {30s, "the job has ended and the command does not end"};
    case Sign::Gone:
      return {2min, "rank 0 is gone and the command does not end"};
    case Sign::Silent:
      return {15min, "rank 0 shows no sign of life and the command does not end"};
    case Sign::Left:
      return {30s, "the command has ended and what it started does not end"};
    case Sign::None:
      break;
  }
  return {0s, nullptr};
}

}  // namespace

const char* Overdue::look(Sign sign, Time now) {
  if (sign != sign_) since_ = now;
  sign_ = sign;
  const Limit limit = limit_of(sign);
  return now - since_ >= limit.most ? limit.what : nullptr;
}

}  // namespace thresh::cli
