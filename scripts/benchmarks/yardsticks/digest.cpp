// Says in one line what files hold together, to compare the outputs of programs that order their lines
// differently:
//   digest lines FILE...    the number of lines, their bytes, and two sums over their hashes
//   digest bytes FILE...    the bytes, and a hash of them in order
#include <string>
#include <string_view>
#include <vector>

#include "files.hpp"

namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a ^ 0xa0761d6478bd642fU} * (b ^ 0xe7037ed1a0b428dbU);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t hash_of(std::string_view bytes) {
  std::uint64_t hash = bytes.size();
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), size);
    hash = mix(hash, word);
    bytes.remove_prefix(size);
  }
  return mix(hash, 0x8ebc6af09c88c6e3U);
}

struct LineSums {
  std::uint64_t count = 0, bytes = 0, sum = 0, odd_sum = 0;
  void add(std::string_view line) {
    const std::uint64_t hash = hash_of(line);
    ++count;
    bytes += line.size() + 1;
    sum += hash;
    odd_sum += hash * (hash | 1);  // not linear in the hash: lines that swap their differences show
  }
};

constexpr std::size_t kBlock = std::size_t{1} << 20;

void take_lines(const InputFile& file, LineSums& lines) {
  std::string left;
  std::vector<char> block(kBlock);
  for (std::size_t at = 0; at < file.size(); at += kBlock) {
    const std::size_t size = std::min(kBlock, file.size() - at);
    file.read(block.data(), at, size);
    left.append(block.data(), size);
    std::size_t begin = 0;
    for (std::size_t end; (end = left.find('\n', begin)) != std::string::npos; begin = end + 1) {
      lines.add(std::string_view(left).substr(begin, end - begin));
    }
    left.erase(0, begin);
  }
  if (!left.empty()) lines.add(left);
}

// REQUIRES: all blocks but the last are whole, so that where files are cut does not matter.
struct Stream {
  std::string block;
  std::uint64_t bytes = 0, hash = 0;
  void add(const InputFile& file) {
    for (std::size_t at = 0; at < file.size();) {
      const std::size_t size = std::min(kBlock - block.size(), file.size() - at);
      block.resize(block.size() + size);
      file.read(block.data() + block.size() - size, at, size);
      at += size;
      if (block.size() == kBlock) close();
    }
  }
  void close() {
    if (block.empty()) return;
    bytes += block.size();
    hash = mix(hash, hash_of(block));
    block.clear();
  }
};

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "";
  if (kind != "lines" && kind != "bytes") fail("usage: digest lines|bytes FILE...");
  LineSums lines;
  Stream stream;
  for (int i = 2; i < argc; ++i) {
    const InputFile file(argv[i]);
    if (kind == "lines") {
      take_lines(file, lines);
    } else {
      stream.add(file);
    }
  }
  stream.close();
  if (kind == "lines") {
    std::printf("%llu lines, %llu bytes, %016llx%016llx\n", static_cast<unsigned long long>(lines.count),
                static_cast<unsigned long long>(lines.bytes), static_cast<unsigned long long>(lines.sum),
                static_cast<unsigned long long>(lines.odd_sum));
  } else {
    std::printf("%llu bytes, %016llx\n", static_cast<unsigned long long>(stream.bytes),
                static_cast<unsigned long long>(stream.hash));
  }
}
