// Messages between ranks.
#include "core/messages.hpp"
#include "fuzz/fuzz.hpp"

using namespace thresh;
using namespace thresh::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  takes(ExitCode::Internal, "", [&] {
    const Message message = decode_message(as_text(data, size));
    const std::string bytes = encode_message(message);
    must(encode_message(decode_message(bytes)) == bytes, "what was taken says the same when it is sent on");
  });
  return 0;
}
