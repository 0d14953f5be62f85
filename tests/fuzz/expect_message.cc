// One expectation message, whatever its bytes, is decoded and printed in every format. Where a
// kernel could have sent it, the plain line is libnetfilter_conntrack's.
//
//   input := nlmsghdr nfgenmsg attribute*       the length in the header is set to what there is
#include <vector>

#include "ctnetlink/expect_codec.h"
#include "fuzz/fuzz.h"
#include "support/exact.h"
#include "support/oracle.h"

using namespace ctwin;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < sizeof(nlmsghdr) || size > 8192) return 0;
  std::vector<std::byte> bytes(size);
  std::memcpy(bytes.data(), data, size);
  const auto length = static_cast<uint32_t>(size);
  std::memcpy(bytes.data(), &length, sizeof length);
  const test::Exact exact(bytes);
  netlink::Message message;
  netlink::MessageReader reader(exact.view());
  if (!reader.next(message)) return 0;
  Expectation expectation;
  const bool whole = ctnetlink::decode_expectation(message, expectation);
  const EventKind kind = message.header.nlmsg_seq & 1 ? EventKind::kNew : EventKind::kNone;
  for (const cli::Format format :
       {cli::Format::kPlain, cli::Format::kXml, cli::Format::kSave, cli::Format::kJson})
    test::our_line(expectation, kind, {.format = format, .timestamp = true});
  if (!whole || !fuzz::kernel_could_send_expectation(message)) return 0;
  static const test::Oracle oracle;
  const auto theirs = oracle.expectation(bytes, kind, {});
  const std::string ours = test::our_line(expectation, kind, {});
  if (theirs && ours != *theirs) fuzz::fail("the plain lines differ", ours, *theirs);
  return 0;
}
