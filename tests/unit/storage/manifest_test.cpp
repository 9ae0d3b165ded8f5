#include "storage/manifest.hpp"

#include <nlohmann/json.hpp>

#include "small_job.hpp"
#include "storage/sealed_json.hpp"
#include "support/catch.hpp"

namespace thresh::storage {
namespace {

using namespace test;

Manifest small_manifest() {
  PartSummary part;
  part.partition = 0;
  part.input_rows = 5;
  part.input_hash_sum = UINT64_MAX;
  part.groups = 2;
  part.lines = 3;
  part.bytes = (std::uint64_t{1} << 53) + 1;
  part.checksum = 0xabc;
  part.weight = 8;
  PartSummary other = part;
  other.partition = 1;
  JobIdentity identity = small_identity();
  identity.shaping["odd \xff option\\"] = "\n";
  return describe_job(identity, std::string(32, 'a'), 4, {{0, 10, 20, UINT64_MAX, 3}, {1, 1, 2, 2, 4}},
                      {part, other}, {{"lines \xfe skipped", UINT64_MAX}});
}

TEST_CASE("a manifest adds up splits and parts") {
  const Manifest m = small_manifest();
  CHECK(m.input_bytes == 15);
  CHECK(m.splits == 2);
  CHECK(m.records == 11);
  CHECK(m.emits == 22);
  CHECK(m.emit_hash_sum == 1);  // modulo 2^64
  CHECK(m.emit_weight == 7);
  CHECK(m.reduced_rows == 10);
  CHECK(m.row_hash_sum == UINT64_MAX - 1);
  CHECK(m.groups == 4);
  CHECK(m.lines == 6);
  CHECK(m.line_weight == 16);
  CHECK(m.parts.size() == 2);
  CHECK(m.parts[1].name == "part-00001.tsv");
}

TEST_CASE("a manifest comes back from its text, whatever bytes names hold") {
  const Manifest m = small_manifest();
  const std::string text = make_manifest(m);
  const Manifest back = parse_manifest(text, "_SUCCESS");
  CHECK(make_manifest(back) == text);
  CHECK(back.job.identity.inputs == m.job.identity.inputs);
  CHECK(back.job.identity.shaping == m.job.identity.shaping);
  CHECK(back.counters == m.counters);
  CHECK(back.parts == m.parts);
  CHECK(back.fingerprint == m.fingerprint);
  JobIdentity again = small_identity();
  again.shaping = m.job.identity.shaping;
  CHECK_FALSE(first_difference(back.job, again));
}

TEST_CASE("numbers that a double cannot hold are strings, so any JSON reader reads them right") {
  const auto json = nlohmann::json::parse(make_manifest(small_manifest()));
  CHECK(json["format"] == "thresh manifest");
  CHECK(json["schema"] == 1);
  CHECK(json["counts"]["records"] == 11);
  CHECK(json["parts"][0]["bytes"] == "9007199254740993");
  CHECK(json["parts"][0]["xxh3"] == "0000000000000abc");
  CHECK(json["inputs"][0]["mtime_ns"] == "1700000000123456789");
  CHECK(json["ledger"]["row_hash_sum"] == "fffffffffffffffe");
}

TEST_CASE("a manifest that is damaged anywhere is refused by name, or it is the same") {
  const std::string text = make_manifest(small_manifest());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string broken = text;
    broken[i] = static_cast<char>(broken[i] ^ (1 << (i % 8)));
    std::string again;
    const Thrown error = thrown_by([&] { again = make_manifest(parse_manifest(broken, "out/_SUCCESS")); });
    if (again == text) continue;
    CHECK(error.code == ExitCode::BadData);
    CHECK(error.says("out/_SUCCESS"));
  }
  const std::size_t told = text.find("manifest\"") + 9;
  CHECK(told < 32);
  for (std::size_t size = 0; size + 1 < text.size(); size += 3) {
    const Thrown error = thrown_by([&] { parse_manifest(text.substr(0, size), "out/_SUCCESS"); });
    CHECK(error.code == ExitCode::BadData);
    CHECK(is_manifest(text.substr(0, size)) == (size >= told));
  }
}

TEST_CASE("parts of raw output have another name, and all have the same") {
  Manifest m = small_manifest();
  for (const char* extension : {"bin", "txt"}) {
    for (PartitionId p = 0; p < 2; ++p) m.parts[p].name = part_name(p, extension);
    CHECK(parse_manifest(make_manifest(m), "_SUCCESS").parts == m.parts);
  }
  for (const auto& [first, second] : {std::pair("part-00000.bin", "part-00001.tsv"),
                                      {"part-00000.exe", "part-00001.exe"},
                                      {"part-00000.tsv", "part-00001.bin"},
                                      {"part-00000.", "part-00001."}}) {
    m.parts[0].name = first;
    m.parts[1].name = second;
    CHECK(thrown_by([&] { parse_manifest(make_manifest(m), "_SUCCESS"); }).says("is no name of a part"));
  }
}

TEST_CASE("a manifest with a name that is not a part's is refused: names are acted on") {
  Manifest m = small_manifest();
  m.parts[1].name = "../../etc/passwd";
  const Thrown error = thrown_by([&] { parse_manifest(make_manifest(m), "out/_SUCCESS"); });
  CHECK(error.code == ExitCode::BadData);
  CHECK(error.says("is no name of a part"));
}

TEST_CASE("a manifest that is whole but holds what we never write is refused by its name") {
  const std::string text = make_manifest(small_manifest());
  const auto with = [&](const char* list, const char* field, const nlohmann::json& value) {
    auto json = unseal_json(text, "thresh manifest", 1, "_SUCCESS");
    (list == nullptr ? json : json[list])[field] = value;
    return seal_json(json, "thresh manifest", 1);
  };
  for (const std::string& odd :
       {with(nullptr, "job", "a \\ that escapes nothing"), with(nullptr, "splits_digest", "g"),
        with("counts", "records", "1x"), with("ledger", "emit_weight", "0"), with("counts", "records", -1),
        with("options", "a", 7)}) {
    const Thrown error = thrown_by([&] { parse_manifest(odd, "out/_SUCCESS"); });
    CHECK(error.code == ExitCode::BadData);
    CHECK(error.says("out/_SUCCESS is damaged"));
  }
}

TEST_CASE("fingerprints differ when anything does, also where fields meet") {
  const JobIdentity base = small_identity();
  CHECK(fingerprint(base) == fingerprint(small_identity()));
  CHECK(fingerprint(base).size() == 32);
  JobIdentity moved = base;
  moved.job = "wordcoun";
  moved.version = "t1";
  CHECK(fingerprint(moved) != fingerprint(base));
  moved = base;
  moved.splits[0].end = 5;
  CHECK(fingerprint(moved) != fingerprint(base));
}

}  // namespace
}  // namespace thresh::storage
