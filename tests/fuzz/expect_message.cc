// One expectation message, whatever its bytes, is decoded and printed in every format. Where a
// kernel could have sent it, the plain line is libnetfilter_conntrack's.
#include "ctnetlink/expect_codec.h"
#include "fuzz/fuzz.h"
#include "fuzz/message_input.h"
#include "support/oracle.h"

using namespace ctwin;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::MessageInput input(data, size);
  if (!input.message()) return 0;
  const netlink::Message& message = *input.message();
  Expectation expectation;
  const bool whole = ctnetlink::decode_expectation(message, expectation);
  const EventKind kind = message.header.nlmsg_seq & 1 ? EventKind::kNew : EventKind::kNone;
  for (const cli::Format format :
       {cli::Format::kPlain, cli::Format::kXml, cli::Format::kSave, cli::Format::kJson})
    test::our_line(expectation, kind, {.format = format, .timestamp = true});
  if (!whole || !fuzz::kernel_could_send_expectation(message)) return 0;
  static const test::Oracle oracle;
  const auto theirs = oracle.expectation(input.bytes(), kind, {});
  const std::string ours = test::our_line(expectation, kind, {});
  if (theirs && ours != *theirs) fuzz::fail("the plain lines differ", ours, *theirs);
  return 0;
}
