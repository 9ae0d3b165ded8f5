// Encodings, and damage to them.
#pragma once

#include <string>

#include "thresh/codec.hpp"
#include "thresh/errors.hpp"

namespace thresh::test {

template <class T>
std::string bytes_of(const T& value) {
  std::string bytes;
  encode(value, bytes);
  return bytes;
}

// Error is the only way to refuse.
template <class Decode>
void decodes_or_throws(Decode&& decode) {
  try {
    decode();
  } catch (const Error&) {
  }
}

// Every truncation, every flipped byte, and some counts made huge.
template <class Decode>
void for_each_damage(const std::string& good, Decode&& decode) {
  const auto check = [&decode](const std::string& bytes) { decodes_or_throws([&] { decode(bytes); }); };
  for (std::size_t size = 0; size < good.size(); ++size) check(good.substr(0, size));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      check(bytes);
    }
    if (at + 4 <= good.size()) {
      std::string bytes = good;
      bytes.replace(at, 4, 4, '\xff');
      check(bytes);
      bytes.replace(at, 4, std::string("\xff\xff\x0f\x00", 4));
      check(bytes);
    }
  }
  check(good + '\0');
}

}  // namespace thresh::test
