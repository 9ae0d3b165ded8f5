#include "thresh/words.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/property.hpp"

namespace {

using thresh::test::holds;

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  thresh::for_each_word(text, [&](std::string_view word) { found.emplace_back(word); });
  return found;
}
std::vector<std::string> words_bytewise(std::string_view text) {
  std::vector<std::string> found;
  thresh::detail::for_each_word_bytewise(text, [&](std::string_view word) { found.emplace_back(word); });
  return found;
}

}  // namespace

TEST_CASE("white space is what isspace says in the C locale") {
  for (int c = 0; c < 256; ++c) {
    const std::string text = std::string("a") + static_cast<char>(c) + "b";
    CAPTURE(c);
    CHECK(thresh::is_space(static_cast<char>(c)) == (std::isspace(c) != 0));
    CHECK(words(text).size() == (std::isspace(c) != 0 ? 2 : 1));
    CHECK(words(text) == words_bytewise(text));
  }
}

TEST_CASE("words are what stands between white space") {
  CHECK(words("").empty());
  CHECK(words(" \t\n\v\f\r").empty());
  CHECK(words("one") == std::vector<std::string>{"one"});
  CHECK(words("  one two\tthree \r") == std::vector<std::string>{"one", "two", "three"});
  CHECK(words(std::string_view("a\0b c", 5)) == std::vector<std::string>{std::string("a\0b", 3), "c"});
}

TEST_CASE("nothing is read behind the page in which the text ends") {
  constexpr std::size_t kPage = 4096;
  void* const pages = mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(pages != MAP_FAILED);
  char* const end = static_cast<char*>(pages) + kPage;
  REQUIRE(mprotect(end, kPage, PROT_NONE) == 0);
  std::fill(end - kPage, end, 'x');
  for (std::size_t size = 0; size <= 256; ++size) {
    CAPTURE(size);
    CHECK(words({end - size, size}).size() == (size > 0 ? 1 : 0));
  }
  munmap(pages, 2 * kPage);
}

TEST_CASE("words are the same whatever the length of the text") {
  for (std::size_t size = 0; size < 300; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text.push_back(i % 7 < 5 || i % 64 == 63 ? 'x' : ' ');
    CAPTURE(size);
    REQUIRE(words(text) == words_bytewise(text));
    REQUIRE(words(std::string(size, 'x')).size() == (size > 0 ? 1 : 0));
    REQUIRE(words(std::string(size, ' ')).empty());
  }
  holds("random text", [] {
    const auto letters = rc::gen::element('a', ' ', '\t', '\0', '\xff', '\n', '\x08', '\x0e', '\x1f', '!');
    const auto text = *rc::gen::scale(3, rc::gen::container<std::string>(letters));
    RC_ASSERT(words(text) == words_bytewise(text));
  });
}
