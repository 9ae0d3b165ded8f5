#include "storage/sealed_json.hpp"

#include <charconv>

#include "core/text.hpp"
#include "storage/posix.hpp"
#include "thresh/errors.hpp"
#include "thresh/hash.hpp"

namespace thresh::storage {
namespace {

constexpr std::uint64_t kExactInDouble = std::uint64_t{1} << 53;

[[noreturn]] void bad(const std::string& what) {
  throw BadValue(what);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  bad("'" + printable(std::string_view(&c, 1)) + "' is no hexadecimal digit");
}

char hex_byte(std::string_view text) {
  return static_cast<char>(hex_digit(text[0]) * 16 + hex_digit(text[1]));
}

}  // namespace

void throw_damaged(const std::string& path, const std::string& why) {
  throw Error(ExitCode::BadData, printable(path) + " is damaged: " + printable(why, 300));
}

std::string seal_json(Json object, std::string_view format, int schema) {
  object["format"] = format;
  object["schema"] = schema;
  object["checksum"] = hex64(hash_bytes(object.dump()));
  // The format comes first, so that what is left of a file that was cut short can be told.
  object.erase("format");
  return "{\n \"format\": " + Json(format).dump() + "," + object.dump(1).substr(1) + "\n";
}

Json unseal_json(std::string_view text, std::string_view format, int schema, const std::string& path) {
  return reading_json(path, [&] {
    Json object = Json::parse(text);
    if (!object.is_object() || object.value("format", "") != format) {
      throw_damaged(path, "it is no " + std::string(format));
    }
    const std::string checksum = object.at("checksum").get<std::string>();
    object.erase("checksum");
    if (checksum != hex64(hash_bytes(object.dump()))) throw_damaged(path, "its checksum does not match");
    if (object.at("schema").get<int>() != schema) {
      throw OtherVersion(
          path, " (schema " + object["schema"].dump() + ", this one reads " + std::to_string(schema) + ")");
    }
    return object;
  });
}

bool claims_format(std::string_view text, std::string_view format) {
  return text.substr(0, 1) == "{" && text.find("\"" + std::string(format) + "\"") != std::string_view::npos;
}

std::string to_json_text(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t length = utf8_length(bytes, i);
    if (bytes[i] == '\\') {
      out += "\\\\";
    } else if (length == 0) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      out += bytes.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  return out;
}

std::string from_json_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text.substr(i, 2) == "\\\\") {
      out += '\\';
      ++i;
    } else if (text.substr(i, 2) == "\\x" && text.size() - i >= 4) {
      out += hex_byte(text.substr(i + 2, 2));
      i += 3;
    } else {
      bad("a backslash that escapes nothing in " + printable(text, 200));
    }
  }
  return out;
}

std::string to_hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string from_hex(std::string_view text) {
  if (text.size() % 2 != 0) bad("an odd number of hexadecimal digits");
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) out += hex_byte(text.substr(i, 2));
  return out;
}

Json number(std::uint64_t value) {
  return value <= kExactInDouble ? Json(value) : Json(std::to_string(value));
}

std::uint64_t to_number(const Json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  const std::string text = value.get<std::string>();
  std::uint64_t result = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc() || end != text.data() + text.size()) {
    bad("'" + printable(text, 50) + "' is no number");
  }
  return result;
}

std::uint64_t to_hash(const Json& value) {
  const auto hash = parse_hex64(value.get<std::string>());
  if (!hash) bad("'" + printable(value.dump(), 50) + "' is no hash");
  return *hash;
}

}  // namespace thresh::storage
