// Makes the seeds of the fuzz target `ctnetlink_request`, one file for each kind of request and
// each way in which requests meet:   make_request_seeds tests/fuzz/seeds
#include "fuzz/seeds.h"
#include "kernel/responder/cases.h"

namespace ctwin::test {
namespace {

/// Steps as ctnetlink_request.cc reads them.
class Steps {
 public:
  Steps& first(const Bytes& datagram) { return add(4, datagram); }
  Steps& second(const Bytes& datagram) { return add(6, datagram); }
  Steps& pass(uint16_t seconds) {
    header(3, seconds);
    return *this;
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  void header(uint8_t what, size_t size) {
    for (const size_t byte : {size_t{what}, size & 0xff, size >> 8})
      bytes_.push_back(static_cast<std::byte>(byte));
  }
  Steps& add(uint8_t what, const Bytes& datagram) {
    header(what, datagram.size());
    bytes_.insert(bytes_.end(), datagram.begin(), datagram.end());
    return *this;
  }
  Bytes bytes_;
};

AttrBytes tcp_state(uint8_t state) {
  return nest(CTA_PROTOINFO,
              nest(CTA_PROTOINFO_TCP, AttrBytes{}.u8(CTA_PROTOINFO_TCP_STATE, state)));
}

AttrBytes numbers() { return AttrBytes{}.u32(1, 10).u32(2, 20).u32(3, 30); }

AttrBytes nat_to(uint8_t to, uint16_t port) {
  const auto address = host(to, false);
  AttrBytes inner;
  inner.raw(CTA_NAT_V4_MINIP, std::span(address).first(4));
  return inner.nest(CTA_NAT_PROTO, AttrBytes{}.u16(CTA_PROTONAT_PORT_MIN, port));
}

void make_entries(const Seeds& seeds) {
  seeds.write("create-and-end-udp",
              Steps{}.first(create(kUdp)).first(get(kUdp)).second(remove(kUdp)));
  seeds.write("tcp-state",
              Steps{}.first(create(kTcp, tcp_state(1))).first(update(kTcp, tcp_state(3))));
  seeds.write("icmp", Steps{}.first(create(kPing)).first(get(reply_to(kPing))));
  seeds.write("ipv6", Steps{}.first(create(kTcp6)).first(create(kPing6)).first(dump({}, AF_INET6)));
  seeds.write("status", Steps{}
                            .first(create(kUdp, attr32(CTA_STATUS, 0xe)))
                            .first(update(kUdp, attr32(CTA_STATUS, 0x40e))));
  seeds.write("mark",
              Steps{}
                  .first(create(kUdp, attr32(CTA_MARK, 7)))
                  .first(update(kUdp, both(attr32(CTA_MARK, 1), attr32(CTA_MARK_MASK, 1)))));
  seeds.write("adjustments", Steps{}.first(create(kTcp, both(nest(CTA_SEQ_ADJ_ORIG, numbers()),
                                                             nest(CTA_SYNPROXY, numbers())))));
  seeds.write("labels-and-helper",
              Steps{}
                  .first(create(kUdp))
                  .first(update(kUdp, AttrBytes{}.number(CTA_LABELS, 3, 16)))
                  .first(update(kUdp, nest(CTA_HELP, AttrBytes{}.text(CTA_HELP_NAME, "ftp")))));
  seeds.write("nat", Steps{}
                         .first(create(kTcp, nest(CTA_NAT_SRC, nat_to(9, 5000))))
                         .first(create(kUdp, nest(CTA_NAT_DST, nat_to(9, 5000)))));
  seeds.write("master", Steps{}
                            .first(create(kTcp))
                            .pass(1)
                            .first(create(kUdp, tuple_attr(CTA_TUPLE_MASTER, kTcp)))
                            .first(remove(kTcp))
                            .first(create(kPing))
                            .first(remove(kUdp)));
  seeds.write("zones", Steps{}
                           .first(create(kUdp, attr16(CTA_ZONE, 5)))
                           .first(create(kUdp))
                           .first(get(kUdp, attr16(CTA_ZONE, 5))));
}

void make_tables(const Seeds& seeds) {
  Steps full, timeouts;
  for (uint16_t port = 1; port <= 20; ++port)
    full.first(create({IPPROTO_UDP, 1, 2, port, 53}, attr32(CTA_STATUS, port & 1 ? 8 : 0xe)));
  seeds.write("more-than-fit", full.first(dump()).second(flush()));
  for (uint32_t seconds = 0; seconds < 6; ++seconds)
    timeouts.first(create({IPPROTO_UDP, 1, 2, static_cast<uint16_t>(seconds), 53},
                          attr32(CTA_TIMEOUT, seconds * 20)));
  seeds.write("timeouts", timeouts.pass(30).first(dump()).pass(50).first(dump()));
  const AttrBytes by_tuple = both(nest(CTA_FILTER, AttrBytes{}.host32(CTA_FILTER_ORIG_FLAGS, 0x3b)),
                                  tuple_attr(CTA_TUPLE_ORIG, kUdp));
  seeds.write("filters", Steps{}
                             .first(create(kUdp))
                             .first(create(kTcp))
                             .first(dump(by_tuple, AF_INET))
                             .first(dump(both(attr32(CTA_MARK, 0), attr32(kStatusMaskAttr, 8)), 0))
                             .first(flush(by_tuple, AF_INET, 1)));
  seeds.write("dump-at-rest", Steps{}
                                  .first(create(kUdp))
                                  .first(dump())
                                  .second(flush())
                                  .first(dump())
                                  .pass(1)
                                  .first(create(kTcp))
                                  .pass(1));
  seeds.write("stats",
              Steps{}
                  .first(message({conntrack_type(IPCTNL_MSG_CT_GET_STATS_CPU), NLM_F_DUMP}, {}))
                  .first(message({conntrack_type(IPCTNL_MSG_CT_GET_STATS), NLM_F_ACK}, {}))
                  .first(message({expect_type(IPCTNL_MSG_EXP_GET_STATS_CPU), NLM_F_DUMP}, {})));
  seeds.write("expectation", Steps{}
                                 .first(create(kTcp))
                                 .first(message({expect_type(IPCTNL_MSG_EXP_NEW), kCreate},
                                                tuple_attr(CTA_EXPECT_TUPLE, kUdp)
                                                    .add(tuple_attr(CTA_EXPECT_MASK, kUdp))
                                                    .add(tuple_attr(CTA_EXPECT_MASTER, kTcp)))));
  Bytes two = create(kUdp, {}, kCreate | NLM_F_ECHO);
  const Bytes more = create(kTcp);
  two.insert(two.end(), more.begin(), more.end());
  seeds.write("two-messages-and-an-echo", Steps{}.first(two).second(two));
}

}  // namespace
}  // namespace ctwin::test

int main(int argc, char** argv) {
  using namespace ctwin::test;
  return make_seeds_below(argc, argv, [](const std::filesystem::path& root) {
    const Seeds seeds(root / "ctnetlink_request");
    make_entries(seeds);
    make_tables(seeds);
  });
}
