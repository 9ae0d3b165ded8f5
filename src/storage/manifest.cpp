#include "storage/manifest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "core/text.hpp"
#include "storage/posix.hpp"
#include "storage/sealed_json.hpp"

namespace thresh::storage {
namespace {

constexpr char kFormat[] = "thresh manifest";
constexpr int kSchema = 1;
// That parts may have: lines of key and value, or raw output.
constexpr std::array<const char*, 3> kExtensions{"tsv", "txt", "bin"};

Json inputs_to_json(const std::vector<InputFile>& inputs) {
  Json list = Json::array();
  for (const InputFile& input : inputs) {
    list.push_back({{"path", to_json_text(input.path)},
                    {"size", number(input.size)},
                    {"mtime_ns", std::to_string(input.mtime_ns)}});
  }
  return list;
}

std::int64_t signed_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw BadValue("'" + printable(text, 50) + "' is no number");
  }
  return value;
}

std::vector<InputFile> inputs_from_json(const Json& list) {
  std::vector<InputFile> inputs;
  for (const Json& item : list) {
    inputs.push_back({from_json_text(item.at("path").get<std::string>()), to_number(item.at("size")),
                      signed_number(item.at("mtime_ns").get<std::string>())});
  }
  return inputs;
}

Json parts_to_json(const std::vector<ManifestPart>& parts) {
  Json list = Json::array();
  for (const ManifestPart& part : parts) {
    list.push_back({{"name", part.name},
                    {"bytes", number(part.bytes)},
                    {"lines", number(part.lines)},
                    {"xxh3", hex64(part.checksum)}});
  }
  return list;
}

// What all parts are called that begin with this one; "tsv" if that is no name of a part.
std::string_view extension_of(std::string_view first_part) {
  const auto at = std::find_if(kExtensions.begin(), kExtensions.end(),
                               [&](const char* known) { return first_part == part_name(0, known); });
  return at == kExtensions.end() ? kExtensions.front() : *at;
}

std::vector<ManifestPart> parts_from_json(const Json& list) {
  std::vector<ManifestPart> parts;
  std::string_view extension;
  for (const Json& item : list) {
    ManifestPart part{item.at("name").get<std::string>(), to_number(item.at("bytes")),
                      to_number(item.at("lines")), to_hash(item.at("xxh3"))};
    // Names are acted on (replaced, removed): nothing but what we give to parts passes.
    if (parts.empty()) extension = extension_of(part.name);
    if (part.name != part_name(static_cast<PartitionId>(parts.size()), extension)) {
      throw BadValue("'" + printable(part.name, 50) + "' is no name of a part");
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

// Everything that is a plain count or sum, by its name in the file.
template <typename ManifestType, typename Visit>
void visit_counts(ManifestType& m, Visit visit) {
  visit("input_bytes", m.input_bytes);
  visit("splits", m.splits);
  visit("records", m.records);
  visit("emits", m.emits);
  visit("reduced_rows", m.reduced_rows);
  visit("groups", m.groups);
  visit("lines", m.lines);
  visit("output_bytes", m.output_bytes);
}
template <typename ManifestType, typename Visit>
void visit_sums(ManifestType& m, Visit visit) {
  visit("emit_hash_sum", m.emit_hash_sum);
  visit("emit_weight", m.emit_weight);
  visit("row_hash_sum", m.row_hash_sum);
  visit("line_weight", m.line_weight);
}

}  // namespace

std::string part_name(PartitionId partition, std::string_view extension) {
  char name[32];
  std::snprintf(name, sizeof name, "part-%05u.", partition);
  return name + std::string(extension);
}

Manifest describe_job(const JobIdentity& identity, const std::string& job_id, Generation generation,
                      const std::vector<SplitSignature>& signatures, const std::vector<PartSummary>& parts,
                      const Counters& counters, std::string_view extension) {
  Manifest m;
  m.job = {job_id, identity, splits_digest(identity.splits)};
  m.job.identity.splits.clear();
  m.fingerprint = fingerprint(identity);
  m.generation = generation;
  for (const InputFile& input : identity.inputs) m.input_bytes += input.size;
  m.splits = signatures.size();
  for (const SplitSignature& signature : signatures) {
    m.records += signature.records;
    m.emits += signature.emits;
    m.emit_hash_sum += signature.hash_sum;
    m.emit_weight += signature.weight;
  }
  for (const PartSummary& part : parts) {
    m.reduced_rows += part.input_rows;
    m.row_hash_sum += part.input_hash_sum;
    m.groups += part.groups;
    m.lines += part.lines;
    m.output_bytes += part.bytes;
    m.line_weight += part.weight;
    m.parts.push_back({part_name(part.partition, extension), part.bytes, part.lines, part.checksum});
  }
  m.counters = counters;
  return m;
}

std::string make_manifest(const Manifest& m) {
  const JobIdentity& identity = m.job.identity;
  Json json;
  json["job"] = to_json_text(identity.job);
  json["job_id"] = m.job.job_id;
  json["version"] = to_json_text(identity.version);
  json["build"] = to_json_text(identity.build);
  json["generation"] = m.generation;
  json["partitions"] = identity.partitions;
  json["fingerprint"] = m.fingerprint;
  json["splits_digest"] = hex64(m.job.splits_digest);
  json["options"] = Json::object();
  for (const auto& [option, value] : identity.shaping)
    json["options"][to_json_text(option)] = to_json_text(value);
  json["inputs"] = inputs_to_json(identity.inputs);
  json["counts"] = Json::object();
  visit_counts(m, [&](const char* name, std::uint64_t count) { json["counts"][name] = number(count); });
  json["ledger"] = Json::object();
  visit_sums(m, [&](const char* name, std::uint64_t sum) { json["ledger"][name] = hex64(sum); });
  json["counters"] = Json::object();
  for (const auto& [name, count] : m.counters) json["counters"][to_json_text(name)] = number(count);
  json["parts"] = parts_to_json(m.parts);
  return seal_json(std::move(json), kFormat, kSchema);
}

Manifest parse_manifest(std::string_view text, const std::string& path) {
  const Json json = unseal_json(text, kFormat, kSchema, path);
  return reading_json(path, [&] {
    Manifest m;
    JobIdentity& identity = m.job.identity;
    identity.job = from_json_text(json.at("job").get<std::string>());
    m.job.job_id = json.at("job_id").get<std::string>();
    identity.version = from_json_text(json.at("version").get<std::string>());
    identity.build = from_json_text(json.at("build").get<std::string>());
    m.generation = json.at("generation").get<Generation>();
    identity.partitions = json.at("partitions").get<std::uint32_t>();
    m.fingerprint = json.at("fingerprint").get<std::string>();
    m.job.splits_digest = to_hash(json.at("splits_digest"));
    for (const auto& [option, value] : json.at("options").items()) {
      identity.shaping[from_json_text(option)] = from_json_text(value.get<std::string>());
    }
    identity.inputs = inputs_from_json(json.at("inputs"));
    visit_counts(m, [&](const char* name, std::uint64_t& to) { to = to_number(json.at("counts").at(name)); });
    visit_sums(m, [&](const char* name, std::uint64_t& to) { to = to_hash(json.at("ledger").at(name)); });
    for (const auto& [name, count] : json.at("counters").items()) {
      m.counters[from_json_text(name)] = to_number(count);
    }
    m.parts = parts_from_json(json.at("parts"));
    return m;
  });
}

bool is_manifest(std::string_view text) {
  return claims_format(text, kFormat);
}

std::optional<std::vector<FinishedPart>> finished_parts(const std::string& directory,
                                                        const std::vector<std::string>& entries) {
  const auto has = [&](std::string_view name) {
    return std::find(entries.begin(), entries.end(), name) != entries.end();
  };
  if (!has(kSuccessName)) {
    if (has(kJobDirectoryName) && file_status(directory + "/" + kJobDirectoryName + "/job.h5")) {
      throw Error(ExitCode::BadData, "the input directory " + printable(directory) +
                                         " is the output of a job that is not finished");
    }
    return std::nullopt;
  }
  std::vector<FinishedPart> parts;
  const std::string path = directory + "/" + kSuccessName;
  const std::string text = read_file(path, ExitCode::NoInput);
  if (is_manifest(text)) {
    for (const ManifestPart& part : parse_manifest(text, path).parts)
      parts.push_back({part.name, part.bytes});
  } else {
    for (const std::string& name : entries) {
      if (name.rfind("part-", 0) == 0) parts.push_back({name, std::nullopt});
    }
  }
  return parts;
}

}  // namespace thresh::storage
