#include "schedule/worker_books.hpp"

#include <variant>

#include "support/catch.hpp"

namespace thresh::schedule {
namespace {

TEST_CASE("a worker that is told to save before its muster answers at once") {
  WorkerBooks books(1, {}, std::chrono::seconds(60));
  const WorkerCommands out = books.handle(FromCoordinator{SaveRuns{3}}, Time{});
  REQUIRE(out.size() == 1);
  const auto* answer = std::get_if<Answer>(&out.front());
  REQUIRE(answer != nullptr);
  CHECK(std::get_if<RunsSaved>(&answer->message) != nullptr);
}

TEST_CASE("an order to save of an older generation is ignored") {
  WorkerBooks books(1, {}, std::chrono::seconds(60));
  books.handle(FromCoordinator{Muster{4, 2, "job", "runs", {}, {}, {}}}, Time{});
  CHECK(books.handle(FromCoordinator{SaveRuns{3}}, Time{}).empty());
}

}  // namespace
}  // namespace thresh::schedule
