// Numbers as people write them, and the encodings of keys and values.
#include <array>
#include <boost/serialization/map.hpp>
#include <boost/serialization/vector.hpp>

#include "fuzz/fuzz.hpp"
#include "thresh/codec_fields.hpp"
#include "thresh/decimal.hpp"
#include "thresh/value_codec.hpp"

using namespace thresh;
using namespace thresh::test;

namespace {

using Tags = std::map<std::string, std::vector<int>>;

// Equal values have one encoding, so what can be read has the bytes that it is written with.
template <class T>
void read_key(std::string_view bytes) {
  takes(ExitCode::Internal, "", [&] {
    const T value = Codec<T>::read(bytes);
    std::string again(Codec<T>::size(value), '\0');
    Codec<T>::write(value, again.data());
    must(again == bytes, "a value has one encoding");
  });
}

void read_value(std::string_view bytes) {
  takes(ExitCode::Internal, "", [&] {
    const Tags value = ValueCodec<Tags>::read(bytes);
    std::string again;
    ValueCodec<Tags>::append(value, again);
    must(ValueCodec<Tags>::read(again) == value, "a value comes back");
  });
}

// As it lies in a struct.
void read_sum(std::string_view bytes) {
  struct Total {
    DecimalSum sum;
    std::uint64_t count;
  };
  takes(ExitCode::Internal, "", [&] {
    DecimalSum sum = ValueCodec<Total>::read(bytes).sum;
    sum += sum;
    std::string printed;
    try {
      to_text(printed, sum);
    } catch (const BadRecord&) {
    }
  });
}

void read_decimal(std::string_view text) {
  try {
    const Decimal value = Decimal::parse(text);
    std::string printed;
    to_text(printed, value);
    const Decimal again = Decimal::parse(printed);
    must(again == value && again.digits() == value.digits(), "a decimal comes back");
  } catch (const BadRecord&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = as_text(data, size);
  read_decimal(bytes);
  read_value(bytes);
  read_sum(bytes);
  read_key<bool>(bytes);
  read_key<std::int32_t>(bytes);
  read_key<std::uint64_t>(bytes);
  read_key<double>(bytes);
  read_key<std::string>(bytes);
  read_key<RecordId>(bytes);
  read_key<Decimal>(bytes);
  read_key<DecimalSum>(bytes);
  read_key<std::pair<std::string, std::int16_t>>(bytes);
  read_key<std::tuple<std::uint8_t, std::string, std::string>>(bytes);
  read_key<std::array<std::string, 2>>(bytes);
  return 0;
}
