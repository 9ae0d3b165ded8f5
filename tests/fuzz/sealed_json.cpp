// _SUCCESS, .commit and publish.json: any text; and any JSON object, sealed as if it were ours.
#include "storage/sealed_json.hpp"
#include "fuzz/fuzz.hpp"
#include "storage/manifest.hpp"
#include "storage/part_writer.hpp"
#include "storage/publication.hpp"

using namespace thresh;
using namespace thresh::test;
using namespace thresh::storage;

namespace {

const JobPaths& paths() {
  static const JobPaths made = [] {
    const JobPaths in_scratch(scratch());
    make_directories(in_scratch.job_dir());
    return in_scratch;
  }();
  return made;
}

void read_all(const std::string& text) {
  is_manifest(text);
  takes(ExitCode::BadData, "the path", [&] {
    const Manifest manifest = parse_manifest(text, "the path");
    const std::string again = make_manifest(manifest);
    must(make_manifest(parse_manifest(again, "again")) == again, "a manifest that was read can be written");
  });
  takes(ExitCode::BadData, "the path", [&] {
    const PartCommit commit = parse_commit(text, "the path");
    const std::string again = make_commit(commit.part, commit.generation, commit.job_id);
    must(parse_commit(again, "again").part == commit.part, "a commit that was read can be written");
  });
  TemporaryDirectory::write_to(paths().decision(), text);
  takes(ExitCode::BadData, paths().decision(), [&] { read_decision(paths()); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(as_text(data, size));
  read_all(text);
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return 0;
  for (const char* format : {"thresh manifest", "thresh part", "thresh publication"}) {
    std::string sealed;
    try {
      sealed = seal_json(json, format, 1);
    } catch (const Json::exception&) {
      return 0;  // not UTF-8
    }
    read_all(sealed);
  }
  return 0;
}
