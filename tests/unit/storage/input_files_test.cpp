#include "storage/input_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "scratch.hpp"
#include "small_job.hpp"
#include "support/catch.hpp"

namespace thresh::storage {
namespace {

using namespace test;

// Runs in the scratch directory, so that paths can be short.
class Inside {
 public:
  explicit Inside(const Scratch& scratch) : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(scratch.path());
  }
  ~Inside() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_;
};

std::vector<std::string> names(const InputListing& listing) {
  std::vector<std::string> paths;
  for (const InputFile& file : listing.files) paths.push_back(file.path);
  return paths;
}
InputListing list(const std::vector<std::string>& paths, const std::string& output = "out") {
  return list_inputs({paths, std::nullopt, false}, output);
}
Thrown list_error(const std::vector<std::string>& paths, const std::string& output = "out") {
  return thrown_by([&] { list(paths, output); });
}
using Names = std::vector<std::string>;

TEST_CASE("a directory is walked recursively and sorted by bytes; hidden names and links are skipped") {
  const Scratch scratch;
  const Inside inside(scratch);
  for (const char* name : {"data/b", "data/a/z", "data/a.txt", "data/B", "data/.hidden", "data/_logs/x",
                           "data/.git/x", "data/a/_tmp", "other"}) {
    scratch.write(name, "x");
  }
  std::filesystem::create_symlink("../other", "data/link");
  std::filesystem::create_directory_symlink(".", "data/loop");
  const InputListing listing = list({"data"});
  CHECK(names(listing) == Names{"data/B", "data/a.txt", "data/a/z", "data/b"});
  CHECK(listing.warnings.size() == 2);  // the links
  CHECK(names(list({"./data/"})) == names(listing));
  CHECK(names(list({scratch / "data"})).front() == scratch / "data/B");
}

TEST_CASE("sizes and times are those of the files, and empty files count") {
  const Scratch scratch;
  const Inside inside(scratch);
  scratch.write("a", "12345");
  scratch.write("b", "");
  const InputListing listing = list({"b", "a"});
  CHECK(listing.files == std::vector<InputFile>{listed("a"), listed("b")});
  CHECK(listing.files[0].size == 5);
  CHECK(listing.warnings.empty());
}

TEST_CASE("links that are named are followed") {
  const Scratch scratch;
  const Inside inside(scratch);
  scratch.write("real/a", "x");
  std::filesystem::create_directory_symlink("real", "dirlink");
  std::filesystem::create_symlink("real/a", "filelink");
  CHECK(names(list({"dirlink"})) == Names{"dirlink/a"});
  CHECK(names(list({"filelink"})) == Names{"filelink"});
}

TEST_CASE("a path through a link keeps its dots when they mean something else without it") {
  const Scratch scratch;
  const Inside inside(scratch);
  scratch.write("far/away/x", "x");
  scratch.write("far/y", "yy");
  scratch.write("y", "y");
  std::filesystem::create_directory_symlink("far/away", "link");
  CHECK(list({"link/../y"}).files == std::vector<InputFile>{listed("link/../y")});
  CHECK(list({"link/../y"}).files[0].size == 2);
  CHECK(names(list({"far/away/../y"})) == Names{"far/y"});
}

TEST_CASE("globs are expanded unless a file has that very name") {
  const Scratch scratch;
  const Inside inside(scratch);
  for (const char* name : {"a1", "a2", "b1", "d/x", "e/x", "[q]", "q"}) scratch.write(name, name);
  CHECK(names(list({"a*"})) == Names{"a1", "a2"});
  CHECK(names(list({"?1"})) == Names{"a1", "b1"});
  CHECK(names(list({"[de]"})) == Names{"d/x", "e/x"});
  CHECK(names(list({"[q]"})) == Names{"[q]"});
  const Thrown error = list_error({"a1", "no\nsuch*"});
  CHECK(error.code == ExitCode::NoInput);
  CHECK(error.says("no file matches the pattern no\\nsuch*"));
}

TEST_CASE("names with spaces, newlines and bytes that are not UTF-8 are names") {
  const Scratch scratch;
  const Inside inside(scratch);
  for (const char* name : {"d/with space", "d/with\nnewline", "d/with\xff"}) scratch.write(name, name);
  CHECK(names(list({"d"})) == Names{"d/with\nnewline", "d/with space", "d/with\xff"});
}

TEST_CASE("a file that is reached twice counts once, under one path in any order, with a warning") {
  const Scratch scratch;
  const Inside inside(scratch);
  scratch.write("d/b", "x");
  std::filesystem::create_symlink("d/b", "a");
  std::filesystem::create_hard_link("d/b", "d/c");
  const std::vector<std::vector<std::string>> orders{{"a", "d"}, {"d", "a"}, {"d/c", "d/b", "a"}};
  for (const auto& order : orders) {
    const InputListing listing = list(order);
    CHECK(names(listing) == Names{"a"});
    CHECK(listing.warnings.size() == 2);
    CHECK(listing.warnings[0].find("are the same file") != std::string::npos);
  }
  const InputListing same = list({"d/b", "./d/b"});
  CHECK(names(same) == Names{"d/b"});
  CHECK(same.warnings == Names{"d/b is named twice and is read once"});
}

TEST_CASE("many warnings of a kind are cut short") {
  const Scratch scratch;
  const Inside inside(scratch);
  for (int i = 0; i < 30; ++i) scratch.write("d/" + std::to_string(i), "x");
  const InputListing listing = list({"d", "d"});
  CHECK(listing.files.size() == 30);
  REQUIRE(listing.warnings.size() == 11);
  CHECK(listing.warnings.back() == "... and 20 more files were named twice");
}

TEST_CASE("the output inside an input is left out, and an input inside the output is refused") {
  const Scratch scratch;
  const Inside inside(scratch);
  scratch.write("data/a", "x");
  scratch.write("data/out/part-00000.tsv", "x");
  scratch.write("data/outer/b", "x");
  std::filesystem::create_directory_symlink("data/out", "link");
  for (const std::string output : {"data/out", "./data/out/", "link"}) {
    const InputListing listing = list({"data"}, output);
    CHECK(names(listing) == Names{"data/a", "data/outer/b"});
    CHECK(listing.warnings == Names{"the output directory data/out is inside an input and is skipped"});
    for (const char* input : {"data/out", "data/out/part-00000.tsv", "link", "data/out/*"}) {
      const Thrown error = list_error({input}, output);
      CHECK(error.code == ExitCode::Usage);
      CHECK(error.says("is in the output directory"));
    }
  }
  CHECK(names(list({"data/outer"}, "data/out")) == Names{"data/outer/b"});
}

TEST_CASE("the output of a finished job is read as its parts") {
  const Scratch scratch;
  const Inside inside(scratch);
  finish("done", small_identity(), "word", quick());
  const Names parts{"done/part-00000.tsv", "done/part-00001.tsv", "done/part-00002.tsv"};
  CHECK(names(list({"done"})) == parts);
  CHECK(names(list({"."})) == Names{"done/part-00000.tsv", "done/part-00001.tsv", "done/part-00002.tsv"});
  SECTION("files that are not its parts are left out") {
    scratch.write("done/part-00009.tsv", "x");
    scratch.write("done/notes.txt", "x");
    CHECK(names(list({"done"})) == parts);
  }
  SECTION("a part that is missing is an error") {
    std::filesystem::remove("done/part-00001.tsv");
    CHECK(list_error({"done"}).says("the finished output done lacks its part-00001.tsv"));
    CHECK(list_error({"done"}).code == ExitCode::NoInput);
  }
  SECTION("a part of another size is an error, unless it is named itself") {
    scratch.write("done/part-00001.tsv", "word");
    CHECK(list_error({"done"}).says("done/part-00001.tsv has 4 bytes and was written with 7"));
    CHECK(list_error({"done"}).code == ExitCode::BadData);
    CHECK(names(list({"done/part-00001.tsv"})) == Names{"done/part-00001.tsv"});
  }
  SECTION("a damaged manifest is an error") {
    scratch.write("done/_SUCCESS", slurp("done/_SUCCESS").substr(0, 300));
    CHECK(list_error({"done"}).code == ExitCode::BadData);
  }
}

TEST_CASE(
    "another program's finished output is read as its part-* files, ours that is unfinished is refused") {
  const Scratch scratch;
  const Inside inside(scratch);
  for (const char* name : {"hadoop/_SUCCESS", "hadoop/part-r-00000", "hadoop/metrics"})
    scratch.write(name, "");
  CHECK(names(list({"hadoop"})) == Names{"hadoop/part-r-00000"});
  JobDirectory::open("begun", small_identity(), quick());
  CHECK(list_error({"begun"}).code == ExitCode::BadData);
  CHECK(list_error({"begun"}).says("the output of a job that is not finished"));
}

TEST_CASE("what is no regular file, missing or unreadable is refused by name") {
  const Scratch scratch;
  const Inside inside(scratch);
  scratch.write("good", "x");
  REQUIRE(::mkfifo("pipe", 0666) == 0);
  std::filesystem::create_symlink("nowhere", "dangling");
  std::filesystem::create_symlink("round", "round");
  const auto refused = [&](const std::string& name, const std::string& why) {
    const Thrown error = list_error({"good", name});
    INFO(error.what);
    return error.code == ExitCode::NoInput && error.says(name) && error.says(why);
  };
  CHECK(refused("pipe", "is not a regular file"));
  CHECK(refused("/dev/null", "is not a regular file"));
  CHECK(refused("dangling", "is a link that leads nowhere"));
  CHECK(refused("round", "Too many levels of symbolic links"));
  CHECK(refused("missing", "No such file"));
  CHECK(refused("/proc/self/status", "says that it is empty, and is not"));
  CHECK(refused("good/below", "cannot read the input"));
  scratch.make_directory("d");
  REQUIRE(::mkfifo("d/pipe", 0666) == 0);
  CHECK(list_error({"d"}).says("d/pipe is not a regular file"));
  if (::geteuid() != 0) {
    ::chmod("good", 0);
    CHECK(list_error({"good"}).says("Permission denied"));
  }
}

TEST_CASE("checkpoints may be neither in the output nor where the next start would take them for input") {
  const Scratch scratch;
  const Inside inside(scratch);
  scratch.write("in/a", "x");
  std::filesystem::create_directory_symlink("in", "link");
  const auto error = [](const std::string& checkpoint) {
    return thrown_by([&] { list_inputs({{"in"}, std::nullopt, false}, "out", checkpoint); });
  };
  for (const char* directory : {"out", "out/ckpt", "./out/../out/x"}) {
    CHECK(error(directory).code == ExitCode::Usage);
    CHECK(error(directory).says("is in the output directory out"));
  }
  for (const char* directory : {"in", "in/ckpt", "link/x/y"}) {
    CHECK(error(directory).code == ExitCode::Usage);
    CHECK(error(directory).says("is in the input in"));
  }
  for (const char* directory : {"in/.ckpt", "in/_x/y", "output", "elsewhere", ""}) {
    CHECK_NOTHROW(list_inputs({{"in"}, std::nullopt, false}, "out", directory));
  }
}

TEST_CASE("no input at all is an error that says where it was looked for") {
  const Scratch scratch;
  const Inside inside(scratch);
  scratch.write("d/.hidden", "x");
  CHECK(list_error({}).code == ExitCode::NoInput);
  CHECK(list_error({"d"}).says("there is no input file in d"));
  CHECK(list_error({""}).code == ExitCode::NoInput);
}

TEST_CASE("--files-from lists paths literally, by line or by NUL") {
  const Scratch scratch;
  const Inside inside(scratch);
  for (const char* name : {"a", "b c", "*", "n\nl", "d/x"}) scratch.write(name, "x");
  scratch.write("lines", "b c\n\n*\na\nd");
  CHECK(names(list_inputs({{}, "lines", false}, "out")) == Names{"*", "a", "b c", "d/x"});
  scratch.write("nuls", std::string("n\nl\0a\0\0", 7));
  CHECK(names(list_inputs({{"b c"}, "nuls", true}, "out")) == Names{"a", "b c", "n\nl"});
  const auto error = [&](const char* list, bool null_separated) {
    return thrown_by([&] { list_inputs({{}, list, null_separated}, "out"); });
  };
  CHECK(error("missing", false).code == ExitCode::NoInput);
  scratch.write("mixed", std::string("a\0d/x\n", 6));
  CHECK(error("mixed", false).says("the input name a\\x00d/x holds a NUL byte"));
  scratch.write("globs", "n*\n");
  CHECK(error("globs", false).says("n*"));
  scratch.write("empty", "\n\n");
  CHECK(error("empty", false).says("there is no input file in the list empty"));
}

}  // namespace
}  // namespace thresh::storage
