#include "core/messages.hpp"

#include "support/catch.hpp"
#include "support/damage.hpp"
#include "support/errors.hpp"
#include "support/property.hpp"
#include "thresh/archive.hpp"

namespace {

using namespace thresh;
using thresh::test::holds;

rc::Gen<std::string> any_text() {
  return rc::gen::arbitrary<std::string>();
}
template <class T>
T any() {
  return *rc::gen::arbitrary<T>();
}

RunId any_run_id() {
  return {any<std::uint32_t>(), any<std::uint32_t>(), any<std::uint32_t>()};
}
SplitSignature any_signature() {
  return {any<std::uint32_t>(), any<std::uint64_t>(), any<std::uint64_t>(), any<std::uint64_t>(),
          any<std::uint64_t>()};
}
Counters any_counters() {
  Counters counters;
  for (const auto& [name, count] : any<std::map<std::string, std::uint64_t>>()) counters.emplace(name, count);
  return counters;
}
template <class Make>
auto several(Make make) {
  std::vector<decltype(make())> items;
  for (int n = *rc::gen::inRange(0, 4); n > 0; --n) items.push_back(make());
  return items;
}
RunSummary any_run() {
  RunSummary run;
  run.id = any_run_id();
  run.splits = several(any_signature);
  run.slices = several([] {
    return SliceSize{any<std::uint64_t>(), any<std::uint64_t>(), any<std::uint64_t>()};
  });
  run.counters = any_counters();
  run.from_file = any<bool>();
  return run;
}
PartSummary any_part() {
  PartSummary part;
  part.partition = any<std::uint32_t>();
  part.file = *any_text();
  part.worker = any<std::uint32_t>();
  part.checksum = any<std::uint64_t>();
  part.weight = any<std::uint64_t>();
  part.counters = any_counters();
  part.top = several([] {
    return TopLine{*any_text(), *any_text(), any<std::uint64_t>(), any<std::uint64_t>()};
  });
  return part;
}
Failure any_failure() {
  return {any<int>(), *any_text()};
}

// One message of each kind.
std::vector<Message> one_of_each() {
  ShuffleWave wave;
  wave.generation = any<std::uint32_t>();
  wave.rounds = any<std::uint64_t>();
  wave.owners = any<std::vector<std::pair<PartitionId, WorkerId>>>();
  wave.send_bytes = any<std::vector<std::uint64_t>>();
  wave.receive_bytes = any<std::vector<std::uint64_t>>();
  wave.committed = any<std::vector<PartitionId>>();
  wave.files = any<std::vector<std::pair<SplitId, std::string>>>();
  wave.records_before = any<std::vector<std::uint64_t>>();
  WorkerStats stats;
  stats.host = *any_text();
  stats.pid = any<std::uint64_t>();
  stats.cpu_ns = any<std::uint64_t>();
  const auto n = [] { return any<std::uint32_t>(); };
  const auto u = [] { return any<std::uint64_t>(); };
  return {
      Muster{n(), n(), *any_text(), *any_text(), {*any_text()}, {*any_text(), *any_text()}, {*any_text()}},
      KeepRuns{n(), several(any_run_id)},
      AssignSplit{
          n(), n(), n(), {*any_text(), u(), any<std::int64_t>()}, {n(), u(), u()}, any<bool>(), {u()}, u()},
      SealRuns{n()},
      wave,
      ReduceWave{n(), n(), {{n(), {u(), u()}}}},
      CheckPart{n(), n(), *any_text(), u(), u()},
      Ping{n()},
      Dismiss{any<int>()},
      Inventory{n(), any<bool>(), several(any_run), {}, {*any_text()}},
      SplitDone{n(), n(), any_signature()},
      SplitFailed{n(), n(), n(), any_failure(), {{u(), *any_text()}}, {n()}},
      WaveReceived{n(), n()},
      PartCommitted{n(), n(), any_part()},
      PartChecked{n(), n(), any<bool>(), *any_text()},
      WorkerFailed{n(), any_failure()},
      Heartbeat{n(), stats, 5},
      SaveRuns{n()},
      RunsSaved{n()},
      AskToLeave{n()}};
}

}  // namespace

TEST_CASE("every message decodes to what was encoded") {
  holds("messages of every kind", [] {
    const auto messages = one_of_each();
    RC_ASSERT(messages.size() == std::variant_size_v<Message>);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const std::string bytes = encode_message(messages[i]);
      const Message decoded = decode_message(bytes);
      RC_ASSERT(messages[i].index() == i);
      RC_ASSERT(decoded.index() == i);
      RC_ASSERT(encode_message(decoded) == bytes);
    }
    const auto& wave = std::get<ShuffleWave>(messages[4]);
    const auto wave_again = std::get<ShuffleWave>(decode_message(encode_message(wave)));
    RC_ASSERT(wave_again.owners == wave.owners);
    RC_ASSERT(wave_again.send_bytes == wave.send_bytes);
    RC_ASSERT(wave_again.receive_bytes == wave.receive_bytes);
    RC_ASSERT(wave_again.files == wave.files);
    RC_ASSERT(wave_again.records_before == wave.records_before);
    const auto& inventory = std::get<Inventory>(messages[9]);
    RC_ASSERT(std::get<Inventory>(decode_message(encode_message(inventory))).runs == inventory.runs);
    const auto& part = std::get<PartCommitted>(messages[13]).part;
    RC_ASSERT(std::get<PartCommitted>(decode_message(encode_message(messages[13]))).part == part);
    const auto& failure = std::get<SplitFailed>(messages[11]).failure;
    RC_ASSERT(std::get<SplitFailed>(decode_message(encode_message(messages[11]))).failure == failure);
  });
}

TEST_CASE("every field of a message travels") {
  // Fields that compare equal by chance would hide one that is left out: here each field has its own value.
  ShuffleWave wave{1, 2, 3, 4, true, 5, {{6, 7}}, {8}, {9}, {10}, {{11, "a"}}, {12}};
  CHECK(encode_message(wave).size() ==
        1 + 4 + 4 + 8 + 8 + 1 + 8 + (4 + 8) + (4 + 8) + (4 + 8) + (4 + 4) + (4 + 4 + 4 + 1) + (4 + 8));
  CHECK(encode_message(Heartbeat{1, {}}).size() == 1 + 4 + (4 + 27 * 8) + 8);
  CHECK(encode_message(CheckPart{1, 2, "f", 3, 4}).size() == 1 + 4 + 4 + (4 + 1) + 8 + 8);
  CHECK(encode_message(AssignSplit{}).size() == 1 + 4 + 4 + 4 + (4 + 8 + 8) + (4 + 8 + 8) + 1 + 4 + 8);
  CHECK(encode_message(PartCommitted{}).size() ==
        1 + 4 + 4 + (4 + 4 + 4 + 8 + 8 + 8 + 8 + 8 + 8 + 8 + 8 + 4 + 4));
}

TEST_CASE("damaged messages are refused or give some message") {
  holds("truncations and flipped bytes", [] {
    for (const Message& message : *rc::gen::resize(4, rc::gen::exec(one_of_each))) {
      thresh::test::for_each_damage(encode_message(message),
                                    [](const std::string& bytes) { (void)decode_message(bytes); });
    }
  });
  holds("random bytes", [](const std::string& bytes) {
    for (int index = 0; index < 20; ++index) {
      thresh::test::decodes_or_throws([&] { (void)decode_message(static_cast<char>(index) + bytes); });
    }
  });
}

TEST_CASE("the error names what is wrong with a message") {
  const auto error = [](const std::string& bytes) {
    return thresh::test::error_of([&] { (void)decode_message(bytes); });
  };
  CHECK(thresh::test::contains(error(""), "0 bytes where 1 are needed"));
  CHECK(thresh::test::contains(error("\x63"), "no message has the number 99"));
  CHECK(thresh::test::contains(error(encode_message(Ping{7}) + "x"), "message Ping"));
  CHECK(thresh::test::contains(error(encode_message(Ping{7}) + "x"), "1 bytes too many"));
}

TEST_CASE("every message has its name") {
  const auto name = [](const Message& message) {
    return thresh::test::error_of([&] { (void)decode_message(encode_message(message) + "x"); });
  };
  CHECK(thresh::test::contains(name(Muster{}), "message Muster:"));
  CHECK(thresh::test::contains(name(ShuffleWave{}), "message ShuffleWave:"));
  CHECK(thresh::test::contains(name(SplitDone{}), "message SplitDone:"));
  CHECK(thresh::test::contains(name(PartChecked{}), "message PartChecked:"));
  CHECK(thresh::test::contains(name(Heartbeat{}), "message Heartbeat:"));
}
