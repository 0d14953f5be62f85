#include <fmt/format.h>

#include "cases.h"

namespace ctwin::test {

namespace {

using Cases = std::vector<Case>;

/// All types of conntrack's subsystems and some of none; other subsystems are other programs'.
void add_types(Cases& cases) {
  for (const unsigned subsystem : {0, 1, 2, 13, 100, 255})
    for (unsigned type = 0; type < 12; ++type) {
      if (subsystem == 0 && type < 2) continue;  // below NLMSG_MIN_TYPE in the next case
      Case one{fmt::format("type {} of subsystem {}", type, subsystem), {create(kUdp)}};
      const auto wire = static_cast<uint16_t>(subsystem << 8 | type);
      for (const uint16_t flags : {0, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP | NLM_F_ACK}) {
        one.datagrams.push_back(message({wire, flags, AF_UNSPEC}, {}));
        one.datagrams.push_back(message({wire, flags, AF_INET}, tuple_attr(1, kTcp)));
      }
      cases.push_back(std::move(one));
    }
  for (uint16_t type = 0; type < 17; ++type) {
    if (type == NFNL_MSG_BATCH_BEGIN) continue;
    cases.push_back(
        {fmt::format("control message {}", type),
         {message({type, 0, AF_UNSPEC}, {}), message({type, NLM_F_ACK, AF_UNSPEC}, {})}});
  }
}

void add_batches(Cases& cases) {
  for (const uint16_t resource : {0, 1, 2, 12, 13, 20, 65535}) {
    const MessageHead head{NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, 0, resource};
    Bytes two = message(head, {});
    const Bytes more = create(kUdp);
    two.insert(two.end(), more.begin(), more.end());
    cases.push_back({fmt::format("a batch for {}", resource),
                     {message(head, {}), two, message(head, AttrBytes{}.u32(1, 5)),
                      message(head, AttrBytes{}.u16(1, 5))}});
  }
  Bytes short_batch = message({NFNL_MSG_BATCH_BEGIN, NLM_F_ACK, 0}, {});
  short_batch.resize(16);
  short_batch[0] = std::byte{16};
  cases.push_back({"a batch without a header", {short_batch}});
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes with_length(Bytes bytes, uint32_t length) {
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes;
}

void add_framing(Cases& cases) {
  const Bytes good = create(kUdp);
  cases.push_back({"two messages", {joined({good, create(kTcp)})}});
  cases.push_back(
      {"a failure between two", {joined({good, good, create(kTcp), dump(), get(kTcp)})}});
  cases.push_back({"a dump between two", {joined({dump(), get(kTcp), good, get(kUdp), dump()})}});
  for (const uint32_t length : {0u, 1u, 15u, 16u, 17u, 19u, 20u, 21u, 23u, 24u, 60u, 10000u, ~0u})
    cases.push_back(
        {fmt::format("a message that claims {} bytes", length),
         {with_length(good, length), joined({with_length(good, length), create(kTcp)})}});
  for (const size_t size : {0, 1, 15, 16, 19, 20, 30, 61}) {
    Bytes cut = good;
    cut.resize(size);
    cases.push_back({fmt::format("a message cut to {} bytes", size), {cut}});
    Bytes behind = joined({good, create(kTcp)});
    behind.resize(good.size() + size);
    cases.push_back({fmt::format("a second message cut to {} bytes", size), {behind}});
  }
  Bytes reply = good;
  reply[6] = std::byte{NLM_F_ACK};
  cases.push_back({"a message that is no request", {reply}});
  for (const uint8_t version : {1, 2, 255})
    cases.push_back({fmt::format("version {}", version),
                     {message({conntrack_type(IPCTNL_MSG_CT_NEW), kCreate, AF_INET, version, 77},
                              tuples_of(kUdp).u32(CTA_TIMEOUT, 1000)),
                      get(kUdp)}});
  const std::array<std::byte, 7> zeros{};
  for (const size_t size : {1, 3, 4, 7})
    cases.push_back({fmt::format("{} bytes behind the attributes", size),
                     {create(kUdp, AttrBytes{}.garbage(std::span(zeros).first(size)))}});
  cases.push_back({"attributes of type 0 and of unknown types",
                   {create(kUdp, AttrBytes{}.u32(0, 5).u32(50, 5).u32(0x3fff, 5))}});
}

/// Expectations: none there, and none can be made without a helper.
void add_expectations(Cases& cases) {
  const AttrBytes tuple = tuple_attr(CTA_EXPECT_TUPLE, kUdp);
  const AttrBytes mask = tuple_attr(CTA_EXPECT_MASK, kUdp);
  const AttrBytes master = tuple_attr(CTA_EXPECT_MASTER, kTcp);
  const AttrBytes all = both(tuple, mask).add(master).u32(CTA_EXPECT_TIMEOUT, 60);
  const AttrBytes zone = attr16(CTA_EXPECT_ZONE, 5);
  const AttrBytes helper = AttrBytes{}.text(CTA_EXPECT_HELP_NAME, "no-such");
  const AttrBytes long_name = AttrBytes{}.text(CTA_EXPECT_HELP_NAME, "a-name-much-too-long");
  const AttrBytes bad_tuple = nest(CTA_EXPECT_TUPLE, {});
  const AttrBytes bad_mask = nest(CTA_EXPECT_MASK, {});
  const std::vector<AttrBytes> requests = {{},
                                           tuple,
                                           mask,
                                           master,
                                           both(tuple, mask),
                                           both(tuple, master),
                                           both(mask, master),
                                           all,
                                           both(all, zone),
                                           both(all, helper),
                                           both(all, long_name),
                                           both(all, bad_tuple),
                                           both(all, bad_mask),
                                           both(all, nest(CTA_EXPECT_MASTER, {})),
                                           both(master, zone),
                                           both(all, attr32(CTA_EXPECT_CLASS, 9)),
                                           both(all, nest(CTA_EXPECT_NAT, {})),
                                           helper,
                                           bad_tuple,
                                           both(tuple, attr32(CTA_EXPECT_ID, 1)),
                                           AttrBytes{}.u16(CTA_EXPECT_ID, 1),
                                           AttrBytes{}.u8(CTA_EXPECT_ZONE, 1),
                                           AttrBytes{}.u16(CTA_EXPECT_FLAGS, 1)};
  for (size_t i = 0; i < requests.size(); ++i)
    for (const bool with_master : {false, true}) {
      Case one{fmt::format("expectation request {}, master {}", i, with_master), {}};
      if (with_master) one.datagrams.push_back(create(kTcp));
      for (const uint8_t type : {IPCTNL_MSG_EXP_NEW, IPCTNL_MSG_EXP_GET, IPCTNL_MSG_EXP_DELETE})
        for (const uint16_t flags :
             {NLM_F_ACK | 0, NLM_F_ACK | NLM_F_CREATE, NLM_F_ACK | NLM_F_DUMP, 0 | NLM_F_DUMP})
          for (const uint8_t family : {0, 2, 10})
            one.datagrams.push_back(message({expect_type(type), flags, family}, requests[i]));
      cases.push_back(std::move(one));
    }
}

}  // namespace

std::vector<Case> framing_cases() {
  Cases cases;
  add_types(cases);
  add_batches(cases);
  add_framing(cases);
  add_expectations(cases);
  return cases;
}

}  // namespace ctwin::test
