#include "storage/outcome.hpp"

#include "storage/posix.hpp"
#include "storage/sealed_json.hpp"

namespace thresh::storage {
namespace {

constexpr char kFormat[] = "thresh outcome";
constexpr int kSchema = 1;

}  // namespace

std::string make_outcome(const Outcome& outcome) {
  Json json;
  json["job_id"] = outcome.job_id;
  json["generation"] = outcome.generation;
  json["code"] = outcome.code;
  json["text"] = to_json_text(outcome.text);
  json["time_ms"] = outcome.time_ms;
  return seal_json(std::move(json), kFormat, kSchema);
}

Outcome parse_outcome(std::string_view text, const std::string& path) {
  const Json json = unseal_json(text, kFormat, kSchema, path);
  return reading_json(path, [&] {
    Outcome outcome;
    outcome.job_id = json.at("job_id").get<std::string>();
    outcome.generation = json.at("generation").get<Generation>();
    outcome.code = json.at("code").get<int>();
    outcome.text = from_json_text(json.at("text").get<std::string>());
    outcome.time_ms = json.at("time_ms").get<std::int64_t>();
    return outcome;
  });
}

std::optional<Outcome> read_outcome(const std::string& path) {
  if (!file_status(path)) return std::nullopt;
  return parse_outcome(read_file(path), path);
}

}  // namespace thresh::storage
