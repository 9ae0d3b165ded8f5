#include "core/sample_data.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "support/catch.hpp"
#include "support/property.hpp"
#include "thresh/hash.hpp"

namespace thresh {
namespace {

constexpr SampleKind kKinds[] = {SampleKind::Text, SampleKind::Words, SampleKind::Records, SampleKind::Table};

std::string sample(const SampleSpec& spec, const SampleShare& share, std::size_t piece_bytes = 1 << 20) {
  SampleStream stream(spec);
  stream.begin(share);
  std::string all;
  while (stream.next(all, piece_bytes)) {
  }
  REQUIRE(stream.lines() == static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n')));
  return all;
}

std::string lines_of(SampleKind kind, std::uint64_t seed, std::uint64_t lines, std::uint64_t part = 0) {
  return sample({kind, seed, 0}, {.part = part, .most_lines = lines});
}

TEST_CASE("the same seed gives the same bytes on every machine") {
  // Data that was made once is named by its seed in measurements: these never change.
  CHECK(hash_bytes(lines_of(SampleKind::Text, 1, 1000)) == 0x254deec1ab87085aU);
  CHECK(hash_bytes(lines_of(SampleKind::Words, 1, 1000)) == 0x131aae0c4524fb7fU);
  CHECK(hash_bytes(lines_of(SampleKind::Records, 1, 1000)) == 0x0e0e1f217463009eU);
  CHECK(hash_bytes(lines_of(SampleKind::Table, 1, 1000)) == 0xdc11c874b663de39U);
}

TEST_CASE("another seed and another part are other data") {
  for (const SampleKind kind : kKinds) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      for (std::uint64_t part = 0; part < 5; ++part) seen.insert(lines_of(kind, seed, 20, part));
    }
    CHECK(seen.size() == 25);
  }
}

TEST_CASE("data is as many whole lines as fit, however it is taken") {
  test::holds([] {
    const SampleSpec spec{*rc::gen::elementOf(std::vector<SampleKind>(std::begin(kKinds), std::end(kKinds))),
                          *rc::gen::arbitrary<std::uint64_t>(), *rc::gen::inRange<std::uint64_t>(1, 1000)};
    const auto bytes = *rc::gen::inRange<std::uint64_t>(0, 20'000);
    const auto piece = *rc::gen::inRange<std::size_t>(1, 5000);
    const std::string all = sample(spec, {.most_bytes = bytes}, piece);
    RC_ASSERT(all.size() <= bytes);
    RC_ASSERT((all.empty() || all.back() == '\n'));
    const std::string longer = sample(spec, {.most_bytes = bytes + 1000});
    RC_ASSERT(longer.compare(0, all.size(), all) == 0);
    RC_ASSERT(longer.find('\n', all.size()) >= bytes);  // the next line would not have fitted
    const auto lines = static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n'));
    RC_ASSERT(sample(spec, {.most_lines = lines}) == all);
  });
}

TEST_CASE("different numbers are different words") {
  std::set<std::string> words;
  constexpr std::uint64_t kDense = 200'000;
  for (std::uint64_t i = 0; i < kDense; ++i) {
    std::string word;
    append_word(word, i);
    REQUIRE(words.insert(word).second);
  }
  for (std::uint64_t i = 999'990'000; i < 1'000'000'000; ++i) {
    std::string word;
    append_word(word, i);
    REQUIRE(word.size() <= 15);
    REQUIRE(words.insert(word).second);
  }
}

TEST_CASE("frequent words of a text follow the law of Zipf") {
  const ZipfTable table(1000);
  std::map<std::uint64_t, double> found;
  constexpr std::uint64_t kDraws = 1 << 20;
  for (std::uint64_t i = 0; i < kDraws; ++i) found[table.pick(i << 44)] += 1;  // evenly over 64 bits
  double harmonic = 0;
  for (int k = 1; k <= 1000; ++k) harmonic += 1.0 / k;
  CHECK(found.size() == 1000);
  for (std::uint64_t k = 0; k < 1000; ++k) {
    const double expected = kDraws / harmonic / static_cast<double>(k + 1);
    CHECK(found[k] > expected - 4);
    CHECK(found[k] < expected + 1000);
    if (k < 10) CHECK(std::abs(found[k] - expected) < expected / 100);
  }
}

TEST_CASE("records have a key, their number and 100 bytes") {
  const std::string all = sample({SampleKind::Records, 3, 50}, {.first_line = 0x1234, .most_lines = 2000});
  REQUIRE(all.size() == 200'000);
  std::set<std::string> keys;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::string line = all.substr(100 * i, 100);
    REQUIRE(line.back() == '\n');
    REQUIRE(line.find_first_of(" \n") == 10);
    char number[17];
    std::snprintf(number, sizeof number, "%016zx", 0x1234 + i);
    REQUIRE(line.substr(11, 16) == number);
    keys.insert(line.substr(0, 10));
  }
  CHECK(keys.size() == 50);
}

}  // namespace
}  // namespace thresh
