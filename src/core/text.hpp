// Text for people: names that were made by others must not garble a message or a log line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace thresh {

// Length of the UTF-8 sequence that begins at `at`, 0 if it is not valid (also for surrogates and
// overlong forms). REQUIRES: at < text.size().
inline std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(at);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  std::uint32_t point = 0;
  std::uint32_t least = 0;
  if ((lead & 0xe0U) == 0xc0) {
    length = 2, point = lead & 0x1fU, least = 0x80;
  } else if ((lead & 0xf0U) == 0xe0) {
    length = 3, point = lead & 0x0fU, least = 0x800;
  } else if ((lead & 0xf8U) == 0xf0) {
    length = 4, point = lead & 0x07U, least = 0x10000;
  } else {
    return 0;
  }
  if (text.size() - at < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80) return 0;
    point = point << 6 | (byte(at + i) & 0x3fU);
  }
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  return point < least || point > 0x10ffff || surrogate ? 0 : length;
}

// The text on one line: control characters as \n, \t, \r or \xNN, bytes that are not UTF-8 as \xNN. No
// terminal acts on it. Longer texts end in "...". A backslash stays as it is: for a message, whose names are
// printable() already.
inline std::string on_one_line(std::string_view text, std::size_t longest = 4096,
                               std::string_view backslash = "\\") {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  const auto hex = [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
  };
  for (std::size_t i = 0; i < text.size();) {
    if (out.size() >= longest) return out + "...";
    const std::size_t length = utf8_length(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool upper_control = length == 2 && byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (text[i] == '\\') {
      out += backslash;
    } else if (text[i] == '\n') {
      out += "\\n";
    } else if (text[i] == '\t') {
      out += "\\t";
    } else if (text[i] == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f || length == 0) {
      hex(text[i]);
    } else if (upper_control) {
      hex(text[i]);
      hex(text[i + 1]);
    } else {
      out += text.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  return out;
}

// The same with backslashes doubled, so that it can be read back.
inline std::string printable(std::string_view text, std::size_t longest = 4096) {
  return on_one_line(text, longest, "\\\\");
}

}  // namespace thresh
