#include "cli/patience.hpp"

#include <algorithm>

namespace thresh::cli {
namespace {

using namespace std::chrono_literals;

constexpr Patience::Pause kLongestPause = 60s;
constexpr int kGrowth = 2;
constexpr int kFruitlessGrowth = 4;
constexpr Patience::Pause kMostFruitless = 10min;

}  // namespace

std::optional<Patience::Pause> Patience::after_attempt(bool progress, Time now) {
  ++attempts_;
  if (progress) {
    fruitless_ = 0;
  } else if (++fruitless_ == 1) {
    first_fruitless_ = now;
  }
  if (attempts_ > max_restarts_) return std::nullopt;
  if (fruitless_ > 1 && now - first_fruitless_ >= kMostFruitless) return std::nullopt;
  const Pause pause = pause_;
  pause_ = std::min(pause_ * (progress ? kGrowth : kFruitlessGrowth), std::max(kLongestPause, first_pause_));
  return pause;
}

std::string Patience::text() const {
  std::string text = std::to_string(attempts_) + (attempts_ == 1 ? " attempt" : " attempts");
  if (fruitless_ > 1) text += ", " + std::to_string(fruitless_) + " in a row without progress";
  return text;
}

}  // namespace thresh::cli
