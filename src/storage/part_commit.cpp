// The sidecar of a part: what was committed, so that the part can be trusted and counted without its writer.
#include "storage/part_writer.hpp"
#include "storage/sealed_json.hpp"

namespace thresh::storage {
namespace {

constexpr char kFormat[] = "thresh part";
constexpr int kSchema = 1;

}  // namespace

std::string commit_name(const std::string& file) {
  return file + ".commit";
}

std::string make_commit(const PartSummary& part, Generation generation, const std::string& job_id) {
  Json json;
  json["job_id"] = job_id;
  json["generation"] = generation;
  json["partition"] = part.partition;
  json["file"] = part.file;
  json["worker"] = part.worker;
  json["cover_digest"] = hex64(part.cover_digest);
  json["input_rows"] = number(part.input_rows);
  json["input_hash_sum"] = hex64(part.input_hash_sum);
  json["groups"] = number(part.groups);
  json["lines"] = number(part.lines);
  json["bytes"] = number(part.bytes);
  json["xxh3"] = hex64(part.checksum);
  json["weight"] = hex64(part.weight);
  json["counters"] = Json::object();
  for (const auto& [name, count] : part.counters) json["counters"][to_json_text(name)] = number(count);
  json["top"] = Json::array();
  for (const TopLine& line : part.top) {
    json["top"].push_back({{"rank", to_hex(line.rank)},
                           {"key", to_hex(line.key)},
                           {"offset", number(line.offset)},
                           {"size", number(line.size)}});
  }
  return seal_json(std::move(json), kFormat, kSchema);
}

PartCommit parse_commit(std::string_view text, const std::string& path) {
  const Json json = unseal_json(text, kFormat, kSchema, path);
  return reading_json(path, [&] {
    PartCommit commit;
    PartSummary& part = commit.part;
    commit.job_id = json.at("job_id").get<std::string>();
    commit.generation = json.at("generation").get<Generation>();
    part.partition = json.at("partition").get<PartitionId>();
    part.file = json.at("file").get<std::string>();
    part.worker = json.at("worker").get<WorkerId>();
    part.cover_digest = to_hash(json.at("cover_digest"));
    part.input_rows = to_number(json.at("input_rows"));
    part.input_hash_sum = to_hash(json.at("input_hash_sum"));
    part.groups = to_number(json.at("groups"));
    part.lines = to_number(json.at("lines"));
    part.bytes = to_number(json.at("bytes"));
    part.checksum = to_hash(json.at("xxh3"));
    part.weight = to_hash(json.at("weight"));
    for (const auto& [name, count] : json.at("counters").items()) {
      part.counters[from_json_text(name)] = to_number(count);
    }
    for (const Json& line : json.at("top")) {
      part.top.push_back({from_hex(line.at("rank").get<std::string>()),
                          from_hex(line.at("key").get<std::string>()), to_number(line.at("offset")),
                          to_number(line.at("size"))});
    }
    return commit;
  });
}

}  // namespace thresh::storage
