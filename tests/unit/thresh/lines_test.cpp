#include "thresh/lines.hpp"

#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

using Lines = std::vector<std::string>;

Lines cut(std::string_view block) {
  Lines lines;
  thresh::for_each_line(block, [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

// As the documentation of jobs has it.
Lines expected(std::string_view block) {
  Lines lines;
  while (!block.empty()) {
    const std::size_t newline = block.find('\n');
    std::string_view line = block.substr(0, newline);
    block.remove_prefix(newline == std::string_view::npos ? block.size() : newline + 1);
    if (newline != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("a block is cut into its lines") {
  CHECK(cut("").empty());
  CHECK(cut("\n") == Lines{""});
  CHECK(cut("\n\n") == Lines{"", ""});
  CHECK(cut("a") == Lines{"a"});
  CHECK(cut("a\r\nb\rc\n\r\nd\r") == Lines{"a", "b\rc", "", "d\r"});
}

TEST_CASE("lines of any length are cut wherever tiles of a block end") {
  std::mt19937 random(7);
  for (const unsigned often : {1U, 2U, 5U, 20U, 100U, 3000U}) {
    for (unsigned round = 0; round < 50; ++round) {
      std::string block(random() % 13000, '\0');
      for (char& c : block) c = random() % often == 0 ? '\n' : random() % 30 == 0 ? '\r' : 'x';
      REQUIRE(cut(block) == expected(block));
    }
  }
  // Ends at the first and the last byte of what is looked at together.
  for (const std::size_t size : {63U, 64U, 65U, 4095U, 4096U, 4097U, 8192U}) {
    for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
      std::string block(size, 'x');
      block[at] = '\n';
      REQUIRE(cut(block) == expected(block));
    }
    REQUIRE(cut(std::string(size, '\n')).size() == size);
  }
}
