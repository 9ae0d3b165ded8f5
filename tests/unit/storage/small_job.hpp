// A job of two inputs and a few parts, taken from start to publication by the tests of the job directory.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "scratch.hpp"
#include "storage/job_directory.hpp"
#include "storage/manifest.hpp"
#include "storage/part_writer.hpp"

namespace thresh::storage::test {

inline JobIdentity small_identity() {
  JobIdentity identity;
  identity.job = "wordcount";
  identity.version = "1";
  identity.build = "0.1.0";
  identity.shaping = {{"split-size", "64K"}, {"escape", "no"}};
  identity.inputs = {{"data/a.txt", 10, 1'700'000'000'123'456'789}, {"data/b \xff\n.txt", 5, -1}};
  identity.splits = {{0, 0, 6}, {0, 6, 10}, {1, 0, 5}};
  identity.partitions = 3;
  return identity;
}

inline StartPolicy quick(bool fresh = false, bool overwrite = false) {
  StartPolicy policy;
  policy.fresh = fresh;
  policy.overwrite = overwrite;
  policy.refresh_interval = std::chrono::milliseconds(10);
  return policy;
}

inline PartSummary commit(PartWriter& writer, PartSummary ledger = {}) {
  writer.finish(std::move(ledger));
  return writer.commit();
}

// One line a part: `text`, a TAB, the partition.
inline std::vector<PartSummary> write_parts(const JobDirectory& directory, std::uint32_t partitions,
                                            const std::string& text) {
  std::vector<PartSummary> parts;
  for (PartitionId p = 0; p < partitions; ++p) {
    PartWriter writer(directory.parts_dir(), p, directory.generation(), directory.job_id(), {});
    writer.begin_group(text, hash_key(text));
    writer.key(text);
    writer.append(std::to_string(p));
    writer.end_line({}, 1);
    parts.push_back(commit(writer));
  }
  return parts;
}

inline void publish(JobDirectory& directory, const JobIdentity& identity, const std::string& text) {
  const auto parts = write_parts(directory, identity.partitions, text);
  const std::vector<SplitSignature> signatures{{0, 1, 1, 7, 1}, {1, 1, 1, 8, 1}, {2, 1, 1, 9, 1}};
  const Manifest manifest =
      describe_job(identity, directory.job_id(), directory.generation(), signatures, parts, {});
  directory.publish(parts, make_manifest(manifest), "{\"job_id\": \"" + directory.job_id() + "\"}\n");
}

inline std::string finish(const std::string& output, const JobIdentity& identity, const std::string& text,
                          const StartPolicy& policy) {
  auto opened = JobDirectory::open(output, identity, policy);
  if (!opened.directory) return opened.job_id;
  publish(*opened.directory, identity, text);
  return opened.job_id;
}

// Every file of a finished output is there, has the bytes of the manifest, and nothing else is there.
inline std::string flaw_of_finished(const std::string& output, const std::string& text) {
  const std::string path = output + "/_SUCCESS";
  if (!exists(path)) return "no _SUCCESS";
  const Manifest manifest = parse_manifest(slurp(path), path);
  std::vector<std::string> expected{"_SUCCESS", "metrics.json"};
  for (const ManifestPart& part : manifest.parts) {
    expected.push_back(part.name);
    if (auto wrong = check_part(output, part.name, part.bytes, part.checksum, nullptr)) return *wrong;
    const std::string number = std::to_string(&part - manifest.parts.data());
    if (slurp(output + "/" + part.name) != text + "\t" + number + "\n")
      return part.name + " is of another job";
  }
  std::sort(expected.begin(), expected.end());
  if (list_directory(output) != expected) {
    std::string flaw = "other files in the output:";
    for (const std::string& name : list_directory(output)) flaw += " " + name;
    return flaw;
  }
  return "";
}

}  // namespace thresh::storage::test
