#include "thresh/archive.hpp"

#include <boost/serialization/array.hpp>
#include <boost/serialization/base_object.hpp>
#include <boost/serialization/deque.hpp>
#include <boost/serialization/list.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/set.hpp>
#include <boost/serialization/split_member.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>
#include <cstdlib>
#include <new>

#include "support/catch.hpp"
#include "support/damage.hpp"
#include "support/property.hpp"

namespace {

using thresh::InputArchive;
using thresh::OutputArchive;
using thresh::test::holds;

// The most that one allocation of this thread asked for since it was set to 0.
thread_local std::size_t largest_allocation = 0;

struct Point {
  std::int32_t x = 0;
  double y = 0;
  template <class Archive>
  void serialize(Archive& archive, unsigned version) {
    if (version != 3) throw std::logic_error("wrong version");
    archive& x& y;
  }
  bool operator==(const Point&) const = default;
};

struct Named : Point {
  std::string name;
  std::optional<std::string> note;
  std::vector<Point> path;
  std::map<std::string, std::vector<std::uint16_t>> tags;
  std::set<std::int64_t> ids;
  std::list<std::string> lines;
  std::deque<bool> flags;
  std::array<std::uint8_t, 3> colour{};
  std::vector<bool> bits;
  std::tuple<char, std::pair<float, std::string>> rest;
  int grid[2][2] = {};

  bool operator==(const Named& other) const {
    return static_cast<const Point&>(*this) == other && name == other.name && note == other.note &&
           path == other.path && tags == other.tags && ids == other.ids && lines == other.lines &&
           flags == other.flags && colour == other.colour && bits == other.bits && rest == other.rest &&
           std::equal(&grid[0][0], &grid[0][0] + 4, &other.grid[0][0]);
  }

 private:
  friend class boost::serialization::access;
  template <class Archive>
  void save(Archive& archive, unsigned) const {
    archive << boost::serialization::base_object<Point>(*this) << BOOST_SERIALIZATION_NVP(name);
    archive << note << path << tags << ids << lines << flags << colour << bits << rest << grid;
  }
  template <class Archive>
  void load(Archive& archive, unsigned) {
    archive >> boost::serialization::base_object<Point>(*this) >> BOOST_SERIALIZATION_NVP(name);
    archive >> note >> path >> tags >> ids >> lines >> flags >> colour >> bits >> rest >> grid;
  }
  BOOST_SERIALIZATION_SPLIT_MEMBER()
};

struct Tree {
  std::vector<Tree> branches;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& branches;
  }
};

struct Nothing {
  template <class Archive>
  void serialize(Archive&, unsigned) {}
};

template <class T>
std::string save(const T& value) {
  std::string bytes;
  OutputArchive(bytes) << value;
  return bytes;
}
template <class T>
T load(std::string_view bytes) {
  InputArchive in(bytes);
  T value{};
  in >> value;
  in.finish();
  return value;
}
template <class T>
void check_round_trip(const T& value) {
  RC_ASSERT(load<T>(save(value)) == value);
}

rc::Gen<Named> any_named() {
  return rc::gen::exec([] {
    Named n;
    n.x = *rc::gen::arbitrary<std::int32_t>();
    n.y = *rc::gen::arbitrary<double>();
    n.name = *rc::gen::arbitrary<std::string>();
    if (*rc::gen::arbitrary<bool>()) n.note = *rc::gen::arbitrary<std::string>();
    for (const int x : *rc::gen::arbitrary<std::vector<int>>()) {
      Point point;
      point.x = x;
      n.path.push_back(point);
    }
    n.tags = *rc::gen::arbitrary<std::map<std::string, std::vector<std::uint16_t>>>();
    n.ids = *rc::gen::arbitrary<std::set<std::int64_t>>();
    n.lines = *rc::gen::arbitrary<std::list<std::string>>();
    n.flags = *rc::gen::arbitrary<std::deque<bool>>();
    n.colour = *rc::gen::arbitrary<std::array<std::uint8_t, 3>>();
    n.bits = *rc::gen::arbitrary<std::vector<bool>>();
    n.rest = *rc::gen::arbitrary<std::tuple<char, std::pair<float, std::string>>>();
    n.grid[1][0] = *rc::gen::arbitrary<int>();
    return n;
  });
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  largest_allocation = std::max(largest_allocation, size);
  void* const at = std::malloc(size);
  if (at == nullptr) throw std::bad_alloc();
  return at;
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* at) noexcept {
  std::free(at);
}
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept {
  std::free(at);
}

BOOST_CLASS_VERSION(Point, 3)

TEST_CASE("the bytes are little-endian, of fixed width, without versions and tracking") {
  CHECK(save(std::uint32_t{0x01020304}) == "\4\3\2\1");
  CHECK(save(true) == "\1");
  CHECK(save(std::string("ab")) == std::string("\2\0\0\0ab", 6));
  CHECK(save(std::vector<std::uint16_t>{1, 2}) == std::string("\2\0\0\0\1\0\2\0", 8));
  CHECK(save(std::optional<char>()) == std::string(1, '\0'));
  CHECK(save(std::optional<char>('x')) == "\1x");
  CHECK(save(std::map<char, char>{{'a', 'b'}}) == std::string("\1\0\0\0ab", 6));
  CHECK(save(Point{}).size() == 12);
  CHECK(save(Nothing{}).empty());
}

TEST_CASE("what was saved is loaded again") {
  holds("scalars", [](std::int8_t a, std::uint64_t b, bool c, float d, const std::string& e) {
    check_round_trip(std::tuple(a, b, c, d, e));
  });
  holds("an object with about everything", [] { check_round_trip(*rc::gen::resize(20, any_named())); });
}

TEST_CASE("bytes too few, too many or damaged are refused or give some object") {
  holds("damaged objects", [] {
    const Named named = *rc::gen::resize(6, any_named());
    thresh::test::for_each_damage(save(named), [](const std::string& bytes) { (void)load<Named>(bytes); });
  });
  holds("random bytes",
        [](const std::string& bytes) { thresh::test::decodes_or_throws([&] { (void)load<Named>(bytes); }); });
  CHECK_THROWS_AS(load<int>("abcde"), thresh::Error);
  CHECK_THROWS_AS(load<bool>("\2"), thresh::Error);
}

TEST_CASE("a count is not trusted with memory") {
  const std::string huge("\xff\xff\xff\x7f", 4);
  const std::string claims = std::string("\0\0\1\0", 4) + std::string(65536, '\0');
  largest_allocation = 0;
  CHECK_THROWS_AS(load<std::string>(huge), thresh::Error);
  CHECK_THROWS_AS(load<std::vector<double>>(huge), thresh::Error);
  CHECK_THROWS_AS(load<std::vector<Named>>(huge), thresh::Error);
  CHECK_THROWS_AS((load<std::map<int, int>>(huge)), thresh::Error);
  CHECK_THROWS_AS(load<std::list<int>>(huge), thresh::Error);
  CHECK_THROWS_AS(load<std::vector<double>>(claims), thresh::Error);
  // 65,536 objects of some 500 bytes in memory are claimed; what is there makes some 900.
  CHECK_THROWS_AS(load<std::vector<Named>>(claims), thresh::Error);
  CHECK(largest_allocation < (2U << 20));
}

TEST_CASE("objects nested too deep are refused both ways") {
  Tree tree;
  for (int i = 0; i < 200; ++i) {
    Tree parent;
    parent.branches.push_back(std::move(tree));
    tree = std::move(parent);
  }
  CHECK_NOTHROW(load<Tree>(save(tree)));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += std::string("\1\0\0\0", 4);
  CHECK_THROWS_AS(load<Tree>(deep), thresh::Error);
  for (int i = 0; i < 200; ++i) {
    Tree parent;
    parent.branches.push_back(std::move(tree));
    tree = std::move(parent);
  }
  CHECK_THROWS_AS(save(tree), thresh::Error);
}

TEST_CASE("a vector of objects without content is refused both ways") {
  CHECK_THROWS_AS(save(std::vector<Nothing>(3)), thresh::Error);
  CHECK_THROWS_AS(load<std::vector<Nothing>>(std::string("\1\0\0\0x", 5)), thresh::Error);
  CHECK_NOTHROW(load<std::vector<Nothing>>(save(std::vector<Nothing>())));
}
