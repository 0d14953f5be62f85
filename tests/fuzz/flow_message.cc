// One conntrack message, whatever its bytes, is decoded and printed in every format. Where a kernel
// could have sent it, the plain line is libnetfilter_conntrack's.
#include "cli/labels.h"
#include "ctnetlink/flow_codec.h"
#include "ctnetlink/match.h"
#include "ctnetlink/uapi.h"
#include "fuzz/fuzz.h"
#include "fuzz/message_input.h"
#include "support/oracle.h"

using namespace ctwin;

namespace {

const std::string kLabelFile = std::string(CTWIN_TEST_DATA) + "/labels.conf";

const cli::LabelMap& labels() {
  static const Result<cli::LabelMap> map = cli::LabelMap::load(kLabelFile);
  return *map;
}

EventKind kind_of(const netlink::Message& message) {
  switch (message.header.nlmsg_seq & 3) {
    case 1: return EventKind::kNew;
    case 2: return EventKind::kUpdate;
    case 3: return EventKind::kDestroy;
    default: return EventKind::kNone;
  }
}

void print_everything(const Flow& flow, EventKind kind) {
  fmt::memory_buffer buffer;
  for (const cli::Format format :
       {cli::Format::kPlain, cli::Format::kXml, cli::Format::kSave, cli::Format::kJson})
    for (const cli::SaveVerb verb :
         {cli::SaveVerb::kAdd, cli::SaveVerb::kUpdate, cli::SaveVerb::kDelete})
      cli::print_flow({.flow = flow, .event = kind, .verb = verb, .now = test::kNowNanoseconds},
                      {.format = format,
                       .extended = true,
                       .id = true,
                       .timestamp = true,
                       .ktimestamp = true,
                       .labels = &labels()},
                      buffer);
}

void compare(std::span<const std::byte> bytes, const Flow& flow, EventKind kind) {
  static const test::Oracle oracle(kLabelFile);
  for (unsigned bits = 0; bits < 4; ++bits) {
    const bool all = bits & 2;
    const cli::PrintOptions options{
        .extended = (bits & 1) != 0, .id = all, .ktimestamp = all, .labels = &labels()};
    const auto theirs = oracle.flow(bytes, kind, options);
    if (!theirs) return;
    const std::string ours = test::our_line(flow, kind, options);
    if (ours != *theirs) fuzz::fail("the plain lines differ", ours, *theirs);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::MessageInput input(data, size);
  if (!input.message()) return 0;
  const netlink::Message& message = *input.message();
  Flow flow;
  const bool whole = ctnetlink::decode_flow(message, flow);
  const EventKind kind = kind_of(message);
  print_everything(flow, kind);
  ctnetlink::matches({}, flow);
  if (whole && fuzz::kernel_could_send_flow(message)) compare(input.bytes(), flow, kind);
  return 0;
}
