// An expression of --filter, whatever its bytes, is parsed and asked of a few entries, or refused
// with a place inside of it. What it selects passes what is pushed down of it.
//
//   input := text
#include "cli/filter_expr.h"

#include <array>
#include <variant>

#include "base/address.h"
#include "ctnetlink/match.h"
#include "fuzz/fuzz.h"

using namespace ctwin;

namespace {

Flow some_flow(uint8_t proto, const char* src, const char* dst) {
  Flow flow;
  flow.orig.src = flow.reply.dst = parse_address(src);
  flow.orig.dst = flow.reply.src = parse_address(dst);
  flow.orig.proto = flow.reply.proto = proto;
  flow.orig.has_proto = flow.reply.has_proto = true;
  flow.orig.has_ports = flow.reply.has_ports = true;
  flow.orig.sport = flow.reply.dport = 1000;
  flow.orig.dport = flow.reply.sport = 80;
  flow.fields.add(FlowField::kOrig);
  flow.fields.add(FlowField::kReply);
  return flow;
}

std::array<Flow, 3> make_flows() {
  std::array<Flow, 3> flows{some_flow(IPPROTO_TCP, "10.0.0.1", "192.0.2.1"),
                            some_flow(IPPROTO_ICMPV6, "fd00::1", "fd00::2"), Flow{}};
  flows[0].set_status(kAssured | kSeenReply | kSrcNat | kSrcNatDone);
  flows[0].set_mark(7);
  flows[0].set_timeout(60);
  flows[0].set_id(9);
  flows[0].tcp_state = 3;
  flows[0].fields.add(FlowField::kTcpState);
  flows[0].counters_orig = {10, 2000};
  flows[0].fields.add(FlowField::kCountersOrig);
  return flows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto parsed = cli::FilterExpr::parse(text, nullptr);
  if (const auto* mistake = std::get_if<cli::FilterMistake>(&parsed)) {
    if (mistake->at > size || mistake->text.empty())
      fuzz::fail("a mistake without a place", text, mistake->text);
    cli::point_at(*mistake, text);
    return 0;
  }
  const auto& expression = std::get<cli::FilterExpr>(parsed);
  Filter narrowed;
  expression.narrow(narrowed);
  static const std::array<Flow, 3> kFlows = make_flows();
  for (const Flow& flow : kFlows)
    if (expression.matches(flow, uint64_t{1} << 60) && !ctnetlink::matches(narrowed, flow))
      fuzz::fail("more is pushed down than the expression says", text, {});
  return 0;
}
