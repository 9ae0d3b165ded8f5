// JSON files that tell whether they are whole. For .cpp files of this layer alone.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace thresh::storage {

using Json = nlohmann::json;

// Adds format, schema and a checksum (XXH3 of everything else, compactly written) to the object; the text
// ends in a newline.
std::string seal_json(Json object, std::string_view format, int schema);
// Undoes seal_json. Throws Error{BadData} naming `path` if the text is not whole, of another format, or
// newer.
Json unseal_json(std::string_view text, std::string_view format, int schema, const std::string& path);
// Whether it looks like a file of that format, damaged or not.
bool claims_format(std::string_view text, std::string_view format);

// A value that cannot be; reading_json adds the path.
class BadValue : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A string of any bytes as a JSON string: bytes that are not UTF-8 as \xNN, a backslash doubled.
std::string to_json_text(std::string_view bytes);
// These throw BadValue for text that their counterparts do not make.
std::string from_json_text(std::string_view text);
std::string to_hex(std::string_view bytes);
std::string from_hex(std::string_view text);

// Numbers that a double cannot hold are written as strings.
Json number(std::uint64_t value);
std::uint64_t to_number(const Json& value);
std::uint64_t to_hash(const Json& value);  // of 16 hexadecimal digits

// Calls `read` and turns what goes wrong while taking values out of JSON into Error{BadData} naming `path`.
template <typename Read>
auto reading_json(const std::string& path, Read read);

[[noreturn]] void throw_damaged(const std::string& path, const std::string& why);

template <typename Read>
auto reading_json(const std::string& path, Read read) {
  try {
    return read();
  } catch (const Json::exception& e) {
    const std::string_view what = e.what();
    throw_damaged(path, std::string(what.substr(what.find("] ") + 2)));  // behind "[json.exception....] "
  } catch (const BadValue& e) {
    throw_damaged(path, e.what());
  }
}

}  // namespace thresh::storage
