#include "storage/claim.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "scratch.hpp"
#include "support/catch.hpp"

namespace thresh::storage {
namespace {

using namespace test;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Claims generation 1 in a child process that refreshes until it is killed.
pid_t child_with_claim(const std::string& directory, milliseconds interval) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto claim = Claim::take(directory, 1, interval);
    for (;;) {
      std::this_thread::sleep_for(interval / 2);
      if (claim) claim->refresh();
    }
  }
  while (highest_claim(directory) == 0) std::this_thread::sleep_for(milliseconds(1));
  return child;
}

void end(pid_t child) {
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("a generation is claimed once") {
  const Scratch scratch;
  CHECK(highest_claim(scratch.path()) == 0);
  auto first = Claim::take(scratch.path(), 1, milliseconds(10));
  REQUIRE(first);
  CHECK_FALSE(Claim::take(scratch.path(), 1, milliseconds(10)));
  CHECK(first->still_highest());
  auto second = Claim::take(scratch.path(), 2, milliseconds(10));
  REQUIRE(second);
  CHECK_FALSE(first->still_highest());
  CHECK(second->still_highest());
  CHECK(highest_claim(scratch.path()) == 2);
  CHECK(list_directory(scratch.path()).size() == 2);  // no temporaries
}

TEST_CASE("of many processes that claim a generation at once exactly one gets it") {
  const Scratch scratch;
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(Claim::take(scratch.path(), 1, milliseconds(10)) ? 1 : 0);
    children.push_back(child);
  }
  int winners = 0;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFEXITED(status));
    winners += WEXITSTATUS(status);
  }
  CHECK(winners == 1);
}

TEST_CASE("a holder that refreshes is at work and is named by host and process") {
  const Scratch scratch;
  const pid_t child = child_with_claim(scratch.path(), milliseconds(100));
  const auto holder = holder_at_work(scratch.path(), 1);
  CHECK_FALSE(holder_is_gone(scratch.path(), 1));
  end(child);
  CHECK(holder_is_gone(scratch.path(), 1));
  REQUIRE(holder);
  CHECK(holder->find("process " + std::to_string(child)) != std::string::npos);
}

TEST_CASE("a holder on this host that was killed is gone at once") {
  const Scratch scratch;
  end(child_with_claim(scratch.path(), milliseconds(20'000)));
  const auto start = Clock::now();
  CHECK_FALSE(holder_at_work(scratch.path(), 1));
  CHECK(Clock::now() - start < std::chrono::seconds(5));
  CHECK_FALSE(read_claim(scratch.path(), 1)->there);
}

TEST_CASE("a holder that is killed and not waited for is gone at once") {
  const Scratch scratch;
  const pid_t child = child_with_claim(scratch.path(), milliseconds(20'000));
  ::kill(child, SIGKILL);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  const auto start = Clock::now();
  CHECK_FALSE(holder_at_work(scratch.path(), 1));
  CHECK(Clock::now() - start < std::chrono::seconds(5));
  end(child);
}

TEST_CASE("a holder that is stopped is taken over after three of its intervals") {
  const Scratch scratch;
  const pid_t child = child_with_claim(scratch.path(), milliseconds(50));
  ::kill(child, SIGSTOP);
  ::waitpid(child, nullptr, WUNTRACED);
  const auto start = Clock::now();
  CHECK_FALSE(holder_at_work(scratch.path(), 1));
  CHECK(Clock::now() - start >= milliseconds(150));
  CHECK(read_claim(scratch.path(), 1)->there);
  CHECK_FALSE(holder_is_gone(scratch.path(), 1));  // it may go on
  end(child);
}

TEST_CASE("a holder on this host that computes is at work, though its counter stands still") {
  const Scratch scratch;
  const pid_t child = ::fork();
  if (child == 0) {
    auto claim = Claim::take(scratch.path(), 1, milliseconds(200));
    for (volatile unsigned turns = 0;;) turns = turns + 1;
  }
  while (highest_claim(scratch.path()) == 0) std::this_thread::sleep_for(milliseconds(1));
  CHECK(holder_at_work(scratch.path(), 1));
  ::kill(child, SIGSTOP);
  ::waitpid(child, nullptr, WUNTRACED);
  CHECK_FALSE(holder_at_work(scratch.path(), 1));
  end(child);
}

TEST_CASE("a holder elsewhere is watched, and what is wrong with its file does not matter") {
  const Scratch scratch;
  const std::string zero(20, '0');
  const std::string text =
      GENERATE_COPY(zero + "\n{\"host\": \"elsewhere\"}", zero, std::string(), std::string("\0\0", 2));
  scratch.write("1", text);
  std::atomic<bool> stop{false};
  std::thread refresher([&, path = scratch / "1"] {
    for (int i = 0; !stop; ++i) {
      std::string counter = std::to_string(1'000'000 + i);
      counter.insert(0, 20 - counter.size(), '0');
      const std::string temporary = path + ".new";
      std::ofstream(temporary) << counter;
      std::filesystem::rename(temporary, path);
      std::this_thread::sleep_for(milliseconds(50));
    }
  });
  std::this_thread::sleep_for(milliseconds(100));
  CHECK(holder_at_work(scratch.path(), 1));
  stop = true;
  refresher.join();
}

TEST_CASE("a released claim and one that is not there keep nobody waiting") {
  const Scratch scratch;
  auto claim = Claim::take(scratch.path(), 1, milliseconds(20'000));
  claim->release();
  CHECK_FALSE(holder_at_work(scratch.path(), 1));
  CHECK(holder_is_gone(scratch.path(), 1));
  CHECK_FALSE(holder_at_work(scratch.path(), 7));
}

TEST_CASE("a claim whose file was removed or replaced is lost, and is not written to") {
  const Scratch scratch;
  auto claim = Claim::take(scratch.path(), 1, milliseconds(10));
  std::filesystem::remove(scratch / "1");
  CHECK_FALSE(claim->still_highest());
  scratch.write("1", "another's");
  claim->refresh();
  CHECK(slurp(scratch / "1") == "another's");
  CHECK_FALSE(claim->still_highest());
}

}  // namespace
}  // namespace thresh::storage
