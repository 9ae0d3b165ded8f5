#include "storage/posix.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <initializer_list>
#include <string>
#include <thread>

#include "core/text.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

namespace thresh::storage {
namespace {

using namespace test;

TEST_CASE("printable text is one line that no terminal acts on, and UTF-8 stays readable") {
  CHECK(printable("plain, with spaces") == "plain, with spaces");
  CHECK(printable("a\nb\tc\rd\\e\x1b[31m\x7f") == "a\\nb\\tc\\rd\\\\e\\x1b[31m\\x7f");
  CHECK(printable(std::string("\0", 1)) == "\\x00");
  CHECK(printable("Stra\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x90\x98") ==
        "Stra\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x90\x98");
  CHECK(printable("\xc3") == "\\xc3");
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // overlong
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // surrogate
  CHECK(printable("\xc2\x9b") == "\\xc2\\x9b");           // a control character too
  CHECK(printable(std::string(500, 'x'), 10) == "xxxxxxxxxx...");
}

TEST_CASE("errors name what was done, the path printably, and the system's reason") {
  const Thrown error = thrown_by([] { throw_errno(ExitCode::Io, "write", "a\nb", EIO); });
  CHECK(error.what == "cannot write a\\nb: Input/output error");
  CHECK(error.code == ExitCode::Io);
}

TEST_CASE("trouble of a file system that may pass is no reason to give a job up") {
  const auto code = [](int error) {
    return thrown_by([&] { throw_errno(ExitCode::NoInput, "read", "a", error); }).code;
  };
  for (const int passing : {ESTALE, EIO, ETIMEDOUT, ENFILE, EHOSTDOWN}) CHECK(code(passing) == ExitCode::Io);
  for (const int lasting : {ENOENT, EACCES, ENOTDIR, EROFS, ELOOP}) CHECK(code(lasting) == ExitCode::NoInput);
}

TEST_CASE("a pipe in the place of a file is refused at once, and read where a user may name one") {
  const Scratch scratch;
  const std::string pipe = scratch / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const Thrown error = thrown_by([&] { read_file(pipe); });
  CHECK(error.code == ExitCode::Io);
  CHECK(error.what == "cannot read " + pipe + ": it is no regular file");
  std::thread writer([&] { std::ofstream(pipe) << "a list"; });
  CHECK(read_stream(pipe, ExitCode::NoInput) == "a list");
  writer.join();
}

TEST_CASE("what is read is all there, whether or not its size is known") {
  const Scratch scratch;
  for (const std::size_t size :
       std::initializer_list<std::size_t>{0, 1, 4095, 4096, 4097, 70'000, 2'100'000}) {
    std::string bytes(size, '.');
    for (std::size_t i = 0; i < size; i += 7) bytes[i] = static_cast<char>(i);
    const std::string file = scratch / std::to_string(size);
    std::ofstream(file, std::ios::binary) << bytes;
    CHECK((read_file(file) == bytes));
    const std::string pipe = file + ".pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    std::thread writer([&] { std::ofstream(pipe, std::ios::binary) << bytes; });
    CHECK((read_stream(pipe, ExitCode::NoInput) == bytes));
    writer.join();
  }
  CHECK_FALSE(read_file("/proc/self/stat").empty());  // files there are said to be empty
}

TEST_CASE("what ends a job says what to do about a full disk, and nothing about other errors") {
  const auto advice = [](int error) {
    try {
      throw_errno(ExitCode::Io, "write", "a", error);
    } catch (const Error& thrown) {
      return advised(thrown);
    }
  };
  for (const int full : {ENOSPC, EDQUOT}) {
    CHECK(advice(full) ==
          "cannot write a: " + errno_text(full) + "; make room and run the same command again");
  }
  CHECK(advice(EIO) == "cannot write a: Input/output error");
}

TEST_CASE("a durable write replaces the whole file and leaves no temporary") {
  const Scratch scratch;
  write_durably(scratch.path(), scratch / "file", "one");
  write_durably(scratch.path(), scratch / "file", "two, longer");
  CHECK(slurp(scratch / "file") == "two, longer");
  CHECK(list_directory(scratch.path()).size() == 1);
  CHECK(thrown_by([&] { write_durably(scratch.path(), scratch / "gone/file", "x"); }).code == ExitCode::Io);
  CHECK(list_directory(scratch.path()).size() == 1);
}

TEST_CASE("a name is claimed by one, and its content stays") {
  const Scratch scratch;
  CHECK(claim_name(scratch.write("a", "first"), scratch / "claimed"));
  CHECK_FALSE(claim_name(scratch.write("b", "second"), scratch / "claimed"));
  CHECK(slurp(scratch / "claimed") == "first");
  CHECK(list_directory(scratch.path()) == std::vector<std::string>{"claimed"});
}

TEST_CASE("a claim whose link was made although the reply said otherwise is ours") {
  const Scratch scratch;
  const std::string unique = scratch.write("a", "first");
  std::filesystem::create_hard_link(unique, scratch / "claimed");  // link(2) will say EEXIST
  CHECK(claim_name(unique, scratch / "claimed"));
}

TEST_CASE("a rename to a free name tells a taken one from a missing source") {
  const Scratch scratch;
  scratch.write("a", "a");
  scratch.write("b", "b");
  CHECK(rename_to_free_name(scratch / "a", scratch / "b") == RenameResult::TargetExists);
  CHECK(rename_to_free_name(scratch / "a", scratch / "c") == RenameResult::Done);
  CHECK(rename_to_free_name(scratch / "a", scratch / "d") == RenameResult::SourceMissing);
  CHECK(slurp(scratch / "b") == "b");
  CHECK(slurp(scratch / "c") == "a");
}

TEST_CASE("directories are made with their parents, through a final slash and when they are there") {
  const Scratch scratch;
  make_directories(scratch / "a/b//c/");
  make_directories(scratch / "a/b/c");
  CHECK(std::filesystem::is_directory(scratch / "a/b/c"));
}

TEST_CASE("hexadecimal numbers come back, and nothing else is taken for one") {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{0xdeadbeef}, UINT64_MAX}) {
    CHECK(parse_hex64(hex64(value)) == value);
  }
  CHECK_FALSE(parse_hex64("0"));
  CHECK_FALSE(parse_hex64("000000000000000G"));
  CHECK_FALSE(parse_hex64("00000000000000000"));
}

TEST_CASE("reads at an offset stop at the end of the file") {
  const Scratch scratch;
  const std::string path = scratch.write("file", "0123456789");
  const Fd fd = open_to_read(path);
  char bytes[8] = {};
  CHECK(read_at(fd.get(), bytes, 8, 6, path) == 4);
  CHECK(std::string(bytes) == "6789");
  CHECK(read_file(path) == "0123456789");
  CHECK(thrown_by([&] { read_file(scratch.path()); }).code == ExitCode::Io);
}

}  // namespace
}  // namespace thresh::storage
