#include <sys/mman.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "thresh/text.hpp"

TEST_CASE("a byte is found where it is first, at any place of a page and of a text") {
  constexpr std::size_t kPage = 4096;
  auto* const pages = static_cast<char*>(
      mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  REQUIRE(pages != MAP_FAILED);
  REQUIRE(mprotect(pages + kPage, kPage, PROT_NONE) == 0);  // nothing behind the first one may be read
  for (std::size_t size = 0; size <= 80; ++size) {
    for (const std::size_t behind : std::initializer_list<std::size_t>{0, 1, 15, 31, 33, 100}) {
      char* const begin = pages + kPage - behind - size;
      std::fill(begin, pages + kPage, 'x');
      const std::string_view text(begin, size);
      if (behind > 0) begin[size] = 'y';  // not in the text
      CHECK(thresh::find_byte(text, 'y') == std::string_view::npos);
      for (std::size_t at = 0; at < size; ++at) {
        begin[at] = 'y';
        CHECK(thresh::find_byte(text, 'y') == at);
        if (at + 1 < size) begin[size - 1] = 'y';
        CHECK(thresh::find_byte(text, 'y') == at);
        begin[at] = begin[size - 1] = 'x';
      }
    }
  }
  munmap(pages, 2 * kPage);
}
