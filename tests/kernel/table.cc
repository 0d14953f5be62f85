#include "table.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace ctwin::test {

namespace {

bool is_ipv6(const char* address) { return std::strchr(address, ':') != nullptr; }
bool is_icmp(uint8_t proto) { return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6; }

bool has_ports(uint8_t proto) {
  return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE ||
         proto == IPPROTO_SCTP || proto == IPPROTO_GRE;
}

// ---- requests ----

/// Messages one behind the other, for one send. The last one is to be acknowledged: the kernel
/// works through them in order, and tells of failures in any case.
class Request {
 public:
  /// Begins a message; the one before it is complete then.
  nlmsghdr* begin(uint16_t type, uint16_t flags, uint8_t family) {
    complete();
    buffer_.assign(kMessage, '\0');
    nlmsghdr* message = mnl_nlmsg_put_header(buffer_.data());
    message->nlmsg_type = type;
    message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    message->nlmsg_seq = ++count_;
    auto* head = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
    head->nfgen_family = family;
    head->version = NFNETLINK_V0;
    return message;
  }
  void finish() {
    if (buffer_.empty()) return;
    reinterpret_cast<nlmsghdr*>(buffer_.data())->nlmsg_flags |= NLM_F_ACK;
    complete();
  }
  const std::string& bytes() const { return bytes_; }
  unsigned count() const { return count_; }

 private:
  void complete() {
    if (buffer_.empty()) return;
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
    bytes_.append(buffer_.data(), MNL_ALIGN(message->nlmsg_len));
    buffer_.clear();
  }

  static constexpr size_t kMessage = 2048;
  std::string buffer_;
  std::string bytes_;
  unsigned count_ = 0;
};

constexpr uint16_t kNew = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
constexpr uint16_t kGet = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
constexpr uint16_t kDelete = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
constexpr uint16_t kGetCount = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS;
constexpr uint16_t kExpectNew = NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_NEW;
constexpr uint16_t kExpectGet = NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_GET;
constexpr uint16_t kExpectDelete = NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_DELETE;

/// One direction as it is put into a message; ICMP as in FixtureEntry.
struct TupleText {
  uint8_t proto;
  const char* src;
  const char* dst;
  uint16_t sport, dport;
  uint16_t zone = 0;
};

void put_address(nlmsghdr* message, uint16_t type4, uint16_t type6, const char* text) {
  std::array<char, 16> bytes{};
  const bool v6 = is_ipv6(text);
  inet_pton(v6 ? AF_INET6 : AF_INET, text, bytes.data());
  mnl_attr_put(message, v6 ? type6 : type4, v6 ? 16 : 4, bytes.data());
}

void put_protocol(nlmsghdr* message, const TupleText& tuple) {
  mnl_attr_put_u8(message, CTA_PROTO_NUM, tuple.proto);
  const bool v6 = tuple.proto == IPPROTO_ICMPV6;
  if (is_icmp(tuple.proto)) {
    mnl_attr_put_u16(message, v6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID, htons(tuple.dport));
    mnl_attr_put_u8(message, v6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE,
                    static_cast<uint8_t>(tuple.sport));
    mnl_attr_put_u8(message, v6 ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE, 0);
  } else if (has_ports(tuple.proto)) {
    mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons(tuple.sport));
    mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htons(tuple.dport));
  }
}

void put_tuple(nlmsghdr* message, uint16_t type, const TupleText& tuple) {
  nlattr* outer = mnl_attr_nest_start(message, type);
  nlattr* addresses = mnl_attr_nest_start(message, CTA_TUPLE_IP);
  put_address(message, CTA_IP_V4_SRC, CTA_IP_V6_SRC, tuple.src);
  put_address(message, CTA_IP_V4_DST, CTA_IP_V6_DST, tuple.dst);
  mnl_attr_nest_end(message, addresses);
  nlattr* protocol = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
  put_protocol(message, tuple);
  mnl_attr_nest_end(message, protocol);
  if (tuple.zone != 0) mnl_attr_put_u16(message, CTA_TUPLE_ZONE, htons(tuple.zone));
  mnl_attr_nest_end(message, outer);
}

TupleText orig_tuple(const FixtureEntry& entry) {
  return {entry.proto, entry.src, entry.dst, entry.sport, entry.dport, entry.orig_zone};
}

TupleText reply_tuple(const FixtureEntry& entry) {
  TupleText reply{entry.proto, entry.dst, entry.src, entry.dport, entry.sport, entry.reply_zone};
  if (!is_icmp(entry.proto)) return reply;
  // Echo replies: 0 for ICMP, 129 for ICMPv6.
  reply.sport = entry.proto == IPPROTO_ICMP ? 0 : 129;
  reply.dport = entry.dport;
  return reply;
}

void put_nat(nlmsghdr* message, uint16_t type, const char* address, uint16_t port) {
  if (!address) return;
  nlattr* nat = mnl_attr_nest_start(message, type);
  put_address(message, CTA_NAT_V4_MINIP, CTA_NAT_V6_MINIP, address);
  if (port != 0) {
    nlattr* ports = mnl_attr_nest_start(message, CTA_NAT_PROTO);
    mnl_attr_put_u16(message, CTA_PROTONAT_PORT_MIN, htons(port));
    mnl_attr_put_u16(message, CTA_PROTONAT_PORT_MAX, htons(port));
    mnl_attr_nest_end(message, ports);
  }
  mnl_attr_nest_end(message, nat);
}

void put_state(nlmsghdr* message, const FixtureEntry& entry) {
  if (entry.proto != IPPROTO_TCP && entry.proto != IPPROTO_SCTP) return;
  nlattr* info = mnl_attr_nest_start(message, CTA_PROTOINFO);
  if (entry.proto == IPPROTO_TCP) {
    nlattr* tcp = mnl_attr_nest_start(message, CTA_PROTOINFO_TCP);
    mnl_attr_put_u8(message, CTA_PROTOINFO_TCP_STATE, entry.state);
    mnl_attr_nest_end(message, tcp);
  } else {
    nlattr* sctp = mnl_attr_nest_start(message, CTA_PROTOINFO_SCTP);
    mnl_attr_put_u8(message, CTA_PROTOINFO_SCTP_STATE, entry.state);
    mnl_attr_put_u32(message, CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, htonl(0x01010101));
    mnl_attr_put_u32(message, CTA_PROTOINFO_SCTP_VTAG_REPLY, htonl(0x02020202));
    mnl_attr_nest_end(message, sctp);
  }
  mnl_attr_nest_end(message, info);
}

void put_labels(nlmsghdr* message, const std::vector<unsigned>& labels) {
  std::array<uint32_t, 4> bits{};
  for (const unsigned bit : labels) bits[bit / 32] |= 1U << bit % 32;
  if (!labels.empty()) mnl_attr_put(message, CTA_LABELS, sizeof bits, bits.data());
}

void put_entry(Request& request, const FixtureEntry& entry) {
  nlmsghdr* message =
      request.begin(kNew, NLM_F_CREATE | NLM_F_EXCL, is_ipv6(entry.src) ? AF_INET6 : AF_INET);
  put_tuple(message, CTA_TUPLE_ORIG, orig_tuple(entry));
  put_tuple(message, CTA_TUPLE_REPLY, reply_tuple(entry));
  if (entry.master) put_tuple(message, CTA_TUPLE_MASTER, orig_tuple(fixture_entry(entry.master)));
  mnl_attr_put_u32(message, CTA_STATUS, htonl(entry.status | kConfirmed));
  mnl_attr_put_u32(message, CTA_TIMEOUT, htonl(entry.timeout));
  mnl_attr_put_u32(message, CTA_MARK, htonl(entry.mark));
  put_state(message, entry);
  put_nat(message, CTA_NAT_SRC, entry.src_nat, entry.src_nat_port);
  put_nat(message, CTA_NAT_DST, entry.dst_nat, entry.dst_nat_port);
  put_labels(message, entry.labels);
  if (entry.zone != 0) mnl_attr_put_u16(message, CTA_ZONE, htons(entry.zone));
  if (!entry.helper) return;
  nlattr* helper = mnl_attr_nest_start(message, CTA_HELP);
  mnl_attr_put_strz(message, CTA_HELP_NAME, entry.helper);
  mnl_attr_nest_end(message, helper);
}

void put_expectation(Request& request, const FixtureExpectation& expectation) {
  const FixtureEntry& master = fixture_entry(expectation.master);
  const bool v6 = is_ipv6(master.src);
  nlmsghdr* message = request.begin(kExpectNew, NLM_F_CREATE | NLM_F_EXCL, v6 ? AF_INET6 : AF_INET);
  put_tuple(message, CTA_EXPECT_MASTER, orig_tuple(master));
  put_tuple(message, CTA_EXPECT_TUPLE,
            {master.proto, master.dst, master.src, 0, expectation.dport});
  const char* all = v6 ? "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" : "255.255.255.255";
  put_tuple(message, CTA_EXPECT_MASK, {master.proto, all, all, 0, 0xffff});
  mnl_attr_put_u32(message, CTA_EXPECT_TIMEOUT, htonl(300));
}

// ---- answers ----

struct DestroyFlow {
  void operator()(nf_conntrack* flow) const { nfct_destroy(flow); }
};
using FlowHandle = std::unique_ptr<nf_conntrack, DestroyFlow>;

struct DestroyExpectation {
  void operator()(nf_expect* expectation) const { nfexp_destroy(expectation); }
};

std::string address_text(const nf_conntrack* flow, uint8_t family, nf_conntrack_attr type4,
                         nf_conntrack_attr type6) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* bytes = nfct_get_attr(flow, family == AF_INET6 ? type6 : type4);
  if (bytes) inet_ntop(family, bytes, text, sizeof text);
  return text;
}

uint16_t port_of(const nf_conntrack* flow, nf_conntrack_attr type) {
  return ntohs(nfct_get_attr_u16(flow, type));
}

void read_directions(const nf_conntrack* flow, Entry& entry) {
  Direction& orig = entry.orig;
  Direction& reply = entry.reply;
  const uint8_t family = entry.family;
  orig.src = address_text(flow, family, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC);
  orig.dst = address_text(flow, family, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST);
  reply.src = address_text(flow, family, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC);
  reply.dst = address_text(flow, family, ATTR_REPL_IPV4_DST, ATTR_REPL_IPV6_DST);
  if (is_icmp(entry.proto)) {
    orig.icmp_type = nfct_get_attr_u8(flow, ATTR_ICMP_TYPE);
    orig.icmp_code = nfct_get_attr_u8(flow, ATTR_ICMP_CODE);
    orig.icmp_id = port_of(flow, ATTR_ICMP_ID);
  } else {
    orig.sport = port_of(flow, ATTR_ORIG_PORT_SRC);
    orig.dport = port_of(flow, ATTR_ORIG_PORT_DST);
    reply.sport = port_of(flow, ATTR_REPL_PORT_SRC);
    reply.dport = port_of(flow, ATTR_REPL_PORT_DST);
  }
  if (nfct_attr_is_set(flow, ATTR_ORIG_ZONE)) orig.zone = nfct_get_attr_u16(flow, ATTR_ORIG_ZONE);
  if (nfct_attr_is_set(flow, ATTR_REPL_ZONE)) reply.zone = nfct_get_attr_u16(flow, ATTR_REPL_ZONE);
  orig.packets = nfct_get_attr_u64(flow, ATTR_ORIG_COUNTER_PACKETS);
  orig.bytes = nfct_get_attr_u64(flow, ATTR_ORIG_COUNTER_BYTES);
  reply.packets = nfct_get_attr_u64(flow, ATTR_REPL_COUNTER_PACKETS);
  reply.bytes = nfct_get_attr_u64(flow, ATTR_REPL_COUNTER_BYTES);
}

void read_protocol_state(const nf_conntrack* flow, Entry& entry) {
  if (nfct_attr_is_set(flow, ATTR_TCP_STATE)) {
    entry.tcp_state = nfct_get_attr_u8(flow, ATTR_TCP_STATE);
    entry.tcp_flags[0] = nfct_get_attr_u8(flow, ATTR_TCP_FLAGS_ORIG);
    entry.tcp_flags[1] = nfct_get_attr_u8(flow, ATTR_TCP_FLAGS_REPL);
  }
  if (nfct_attr_is_set(flow, ATTR_SCTP_STATE)) {
    entry.sctp_state = nfct_get_attr_u8(flow, ATTR_SCTP_STATE);
    // The library hands the wire's bytes out as they are.
    entry.vtags[0] = ntohl(nfct_get_attr_u32(flow, ATTR_SCTP_VTAG_ORIG));
    entry.vtags[1] = ntohl(nfct_get_attr_u32(flow, ATTR_SCTP_VTAG_REPL));
  }
}

std::string label_text(const nf_conntrack* flow) {
  const auto* bits = static_cast<const nfct_bitmask*>(nfct_get_attr(flow, ATTR_CONNLABELS));
  std::string text;
  for (unsigned bit = 0; bits && bit <= nfct_bitmask_maxbit(bits); ++bit)
    if (nfct_bitmask_test_bit(bits, bit)) text += (text.empty() ? "" : ",") + std::to_string(bit);
  return text;
}

const nlattr* find_attribute(const nlattr* attribute, size_t size, uint16_t type) {
  const auto* end = reinterpret_cast<const char*>(attribute) + size;
  for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute))
    if (mnl_attr_get_type(attribute) == type) return attribute;
  return nullptr;
}

const nlattr* find_inside(const nlattr* nest, uint16_t type) {
  if (!nest) return nullptr;
  return find_attribute(static_cast<const nlattr*>(mnl_attr_get_payload(nest)),
                        mnl_attr_get_payload_len(nest), type);
}

/// The library tells ICMP's fields of the original direction only.
void read_icmp_reply(const nlmsghdr* message, Entry& entry) {
  if (!is_icmp(entry.proto)) return;
  const bool v6 = entry.proto == IPPROTO_ICMPV6;
  const auto* first =
      static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, sizeof(nfgenmsg)));
  const nlattr* reply =
      find_attribute(first, message->nlmsg_len - mnl_nlmsg_size(sizeof(nfgenmsg)), CTA_TUPLE_REPLY);
  const nlattr* protocol = find_inside(reply, CTA_TUPLE_PROTO);
  const nlattr* type = find_inside(protocol, v6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE);
  const nlattr* code = find_inside(protocol, v6 ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE);
  const nlattr* id = find_inside(protocol, v6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID);
  if (type) entry.reply.icmp_type = mnl_attr_get_u8(type);
  if (code) entry.reply.icmp_code = mnl_attr_get_u8(code);
  if (id) entry.reply.icmp_id = ntohs(mnl_attr_get_u16(id));
}

Entry read_entry(const nf_conntrack* flow) {
  Entry entry;
  entry.family = nfct_get_attr_u8(flow, ATTR_ORIG_L3PROTO);
  entry.proto = nfct_get_attr_u8(flow, ATTR_ORIG_L4PROTO);
  read_directions(flow, entry);
  read_protocol_state(flow, entry);
  entry.status = nfct_get_attr_u32(flow, ATTR_STATUS);
  entry.mark = nfct_get_attr_u32(flow, ATTR_MARK);
  entry.zone = nfct_get_attr_u16(flow, ATTR_ZONE);
  entry.id = nfct_get_attr_u32(flow, ATTR_ID);
  if (nfct_attr_is_set(flow, ATTR_TIMEOUT)) entry.timeout = nfct_get_attr_u32(flow, ATTR_TIMEOUT);
  entry.labels = label_text(flow);
  if (const void* helper = nfct_get_attr(flow, ATTR_HELPER_NAME))
    entry.helper = static_cast<const char*>(helper);
  return entry;
}

std::optional<Expectation> read_expectation(const nlmsghdr* message) {
  const std::unique_ptr<nf_expect, DestroyExpectation> handle(nfexp_new());
  if (nfexp_nlmsg_parse(message, handle.get()) < 0) return {};
  char buffer[1024];
  nfexp_snprintf(buffer, sizeof buffer, handle.get(), NFCT_T_UNKNOWN, NFCT_O_DEFAULT, 0);
  Expectation expectation;
  expectation.timeout = nfexp_get_attr_u32(handle.get(), ATTR_EXP_TIMEOUT);
  const char* blank = std::strchr(buffer, ' ');
  expectation.text = blank ? blank + 1 : buffer;
  return expectation;
}

std::string direction_text(const Entry& entry, const Direction& direction) {
  std::string text = " src=" + direction.src + " dst=" + direction.dst;
  if (is_icmp(entry.proto))
    text += " type=" + std::to_string(direction.icmp_type) +
            " code=" + std::to_string(direction.icmp_code) +
            " icmp-id=" + std::to_string(direction.icmp_id);
  else if (has_ports(entry.proto))
    text +=
        " sport=" + std::to_string(direction.sport) + " dport=" + std::to_string(direction.dport);
  if (direction.zone) text += " direction-zone=" + std::to_string(*direction.zone);
  return text;
}

}  // namespace

std::string Entry::name() const {
  std::string text = std::to_string(proto) + direction_text(*this, orig);
  if (reply.zone) text += " reply-zone=" + std::to_string(*reply.zone);
  if (zone != 0) text += " zone=" + std::to_string(zone);
  return text;
}

std::string Entry::text() const {
  std::string text = name() + " |" + direction_text(*this, reply);
  const auto add = [&text](const char* key, const std::string& value) {
    text += std::string(" ") + key + "=" + value;
  };
  add("status", std::to_string(status));
  add("mark", std::to_string(mark));
  if (tcp_state) {
    add("tcp", std::to_string(*tcp_state));
    add("tcp-flags", std::to_string(tcp_flags[0]) + "/" + std::to_string(tcp_flags[1]));
  }
  if (sctp_state) {
    add("sctp", std::to_string(*sctp_state));
    add("vtags", std::to_string(vtags[0]) + "/" + std::to_string(vtags[1]));
  }
  if (!labels.empty()) add("labels", labels);
  if (!helper.empty()) add("helper", helper);
  add("packets", std::to_string(orig.packets) + "/" + std::to_string(reply.packets));
  add("bytes", std::to_string(orig.bytes) + "/" + std::to_string(reply.bytes));
  return text;
}

bool is_src_nat(const Entry& entry) {
  if ((entry.status & kSrcNatDone) == 0) return false;
  return entry.orig.src != entry.reply.dst ||
         (!is_icmp(entry.proto) && entry.proto != IPPROTO_GRE &&
          entry.orig.sport != entry.reply.dport);
}

bool is_dst_nat(const Entry& entry) {
  if ((entry.status & kDstNatDone) == 0) return false;
  return entry.orig.dst != entry.reply.src ||
         (!is_icmp(entry.proto) && entry.proto != IPPROTO_GRE &&
          entry.orig.dport != entry.reply.sport);
}

const Entry* find_entry(const std::vector<Entry>& entries, const FixtureEntry& wanted) {
  for (const Entry& entry : entries)
    if (entry.orig.src == wanted.src && entry.orig.dst == wanted.dst && entry.zone == wanted.zone &&
        entry.proto == wanted.proto && (entry.orig.sport == wanted.sport || entry.icmp_like()))
      return &entry;
  return nullptr;
}

namespace {

/// An entry with nothing but what names it.
Entry identity(const FixtureEntry& fixture) {
  Entry entry;
  entry.family = is_ipv6(fixture.src) ? AF_INET6 : AF_INET;
  entry.proto = fixture.proto;
  entry.zone = fixture.zone;
  Direction& orig = entry.orig;
  orig.src = fixture.src;
  orig.dst = fixture.dst;
  if (fixture.orig_zone != 0) orig.zone = fixture.orig_zone;
  if (is_icmp(fixture.proto)) {
    orig.icmp_type = static_cast<uint8_t>(fixture.sport);
    orig.icmp_id = fixture.dport;
  } else {
    orig.sport = fixture.sport;
    orig.dport = fixture.dport;
  }
  return entry;
}

}  // namespace

Result<Table> Table::open(const NetworkNamespace& where) {
  auto wires = kernel_wires(where);
  if (!wires) return wires.error();
  return Table(std::move(*wires));
}

/// Sends, and hands out what comes back until the last message is answered for. None may fail with
/// anything but the allowed error.
template <typename Handler>
Status Table::exchange(const std::string& datagrams, unsigned messages, int allowed,
                       const Handler& handler) {
  if (messages == 0) return {};
  const auto wire = wires_();
  if (!wire) return wire.error();
  if (Status sent = (*wire)->send(datagrams); !sent.ok()) return sent;
  std::array<char, 65536> buffer{};
  for (bool done = false; !done;) {
    const auto size = (*wire)->receive(buffer);
    if (!size) return size.error();
    int left = static_cast<int>(*size);
    for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
         mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_type != NLMSG_ERROR) {
        handler(message);
        continue;
      }
      const auto* answer = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
      if (answer->error != 0 && answer->error != -allowed)
        return Error{-answer->error, "the kernel refuses message " +
                                         std::to_string(message->nlmsg_seq) +
                                         " of the test: " + std::strerror(-answer->error)};
      done |= message->nlmsg_seq == messages;
    }
  }
  return {};
}

Status Table::send_and_check(const std::string& datagrams, unsigned messages, int allowed) {
  return exchange(datagrams, messages, allowed, [](const nlmsghdr*) {});
}

Status Table::clear() {
  known_.clear();
  Request request;
  request.begin(kDelete, 0, AF_UNSPEC);
  request.finish();
  return send_and_check(request.bytes(), request.count());
}

Status Table::clear_expectations() {
  Request request;
  for (const uint8_t family : {AF_INET, AF_INET6}) request.begin(kExpectDelete, 0, family);
  request.finish();
  return send_and_check(request.bytes(), request.count());
}

Status Table::create(std::span<const FixtureEntry> entries) {
  if (entries.empty()) return {};
  Request request;
  for (const FixtureEntry& entry : entries) {
    put_entry(request, entry);
    known_.push_back(identity(entry));
  }
  request.finish();
  return send_and_check(request.bytes(), request.count());
}

Status Table::create_expectations(std::span<const FixtureExpectation> expectations) {
  Request request;
  for (const FixtureExpectation& expectation : expectations) put_expectation(request, expectation);
  request.finish();
  return send_and_check(request.bytes(), request.count());
}

Status Table::create_many(unsigned count) {
  constexpr unsigned kBatch = 50;
  for (unsigned first = 0; first < count; first += kBatch) {
    Request request;
    for (unsigned i = first; i < std::min(count, first + kBatch); ++i)
      put_entry(request, {.name = "",
                          .proto = IPPROTO_UDP,
                          .src = "172.16.0.1",
                          .dst = "172.16.0.2",
                          .sport = static_cast<uint16_t>(10000 + i),
                          .dport = 7});
    request.finish();
    if (Status status = send_and_check(request.bytes(), request.count()); !status.ok())
      return status;
  }
  return {};
}

namespace {

TupleText tuple_of(const Entry& entry) {
  const Direction& orig = entry.orig;
  const bool icmp = is_icmp(entry.proto);
  return {entry.proto,
          orig.src.c_str(),
          orig.dst.c_str(),
          icmp ? uint16_t{orig.icmp_type} : orig.sport,
          icmp ? orig.icmp_id : orig.dport,
          orig.zone.value_or(0)};
}

void put_removal(Request& request, const Entry& entry) {
  nlmsghdr* message = request.begin(kDelete, 0, entry.family);
  put_tuple(message, CTA_TUPLE_ORIG, tuple_of(entry));
  if (entry.zone != 0) mnl_attr_put_u16(message, CTA_ZONE, htons(entry.zone));
  mnl_attr_put_u32(message, CTA_ID, htonl(entry.id));
}

}  // namespace

Status Table::remove(const Entry& entry) {
  Request request;
  put_removal(request, entry);
  request.finish();
  return send_and_check(request.bytes(), request.count());
}

Status Table::remove_all(std::span<const Entry> entries) {
  known_.clear();
  if (entries.empty()) return {};
  Request request;
  for (const Entry& entry : entries) put_removal(request, entry);
  request.finish();
  return send_and_check(request.bytes(), request.count(), ENOENT);
}

Status Table::set_mark(const Entry& entry, uint32_t mark) {
  Request request;
  nlmsghdr* message = request.begin(kNew, 0, entry.family);
  put_tuple(message, CTA_TUPLE_ORIG, tuple_of(entry));
  if (entry.zone != 0) mnl_attr_put_u16(message, CTA_ZONE, htons(entry.zone));
  mnl_attr_put_u32(message, CTA_MARK, htonl(mark));
  request.finish();
  return send_and_check(request.bytes(), request.count());
}

template <typename Handler>
Status Table::dump(uint16_t type, const Handler& handler) {
  Request request;
  request.begin(type, NLM_F_DUMP, AF_UNSPEC);
  request.finish();
  const auto wire = wires_();
  if (!wire) return wire.error();
  if (Status sent = (*wire)->send(request.bytes()); !sent.ok()) return sent;
  static std::array<char, 65536> buffer;
  for (;;) {
    const auto size = (*wire)->receive(buffer);
    if (!size) return size.error();
    int left = static_cast<int>(*size);
    for (const auto* answer = reinterpret_cast<const nlmsghdr*>(buffer.data());
         mnl_nlmsg_ok(answer, left); answer = mnl_nlmsg_next(answer, &left)) {
      if (answer->nlmsg_type == NLMSG_DONE || answer->nlmsg_type == NLMSG_ERROR) return {};
      handler(answer);
    }
  }
}

namespace {

void add_entry(const nlmsghdr* message, std::vector<Entry>& entries) {
  const FlowHandle flow(nfct_new());
  if (nfct_nlmsg_parse(message, flow.get()) < 0) return;
  entries.push_back(read_entry(flow.get()));
  read_icmp_reply(message, entries.back());
}

/// The number of entries in an answer to IPCTNL_MSG_CT_GET_STATS.
size_t entry_count(const nlmsghdr* message) {
  const auto* first =
      static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, sizeof(nfgenmsg)));
  const nlattr* count = find_attribute(first, message->nlmsg_len - mnl_nlmsg_size(sizeof(nfgenmsg)),
                                       CTA_STATS_GLOBAL_ENTRIES);
  return count ? ntohl(mnl_attr_get_u32(count)) : ~size_t{0};
}

}  // namespace

Status Table::read_known(std::vector<Entry>& entries, bool& all) {
  Request request;
  for (const Entry& entry : known_) {
    nlmsghdr* message = request.begin(kGet, 0, entry.family);
    put_tuple(message, CTA_TUPLE_ORIG, tuple_of(entry));
    if (entry.zone != 0) mnl_attr_put_u16(message, CTA_ZONE, htons(entry.zone));
  }
  request.begin(kGetCount, 0, AF_UNSPEC);
  request.finish();
  size_t count = 0;
  const Status status =
      exchange(request.bytes(), request.count(), ENOENT, [&](const nlmsghdr* message) {
        if (message->nlmsg_type == kGetCount)
          count = entry_count(message);
        else
          add_entry(message, entries);
      });
  all = entries.size() == count;
  return status;
}

Status Table::read_all(std::vector<Entry>& entries) {
  return dump(kGet, [&](const nlmsghdr* message) { add_entry(message, entries); });
}

Result<TableState> Table::read() {
  constexpr size_t kFew = 100;
  TableState state;
  bool all = false;
  if (!known_.empty() && known_.size() < kFew)
    if (const Status status = read_known(state.entries, all); !status.ok()) return status.error();
  if (!all) {
    state.entries.clear();
    if (const Status status = read_all(state.entries); !status.ok()) return status.error();
  }
  known_ = state.entries;
  const Status expectations = dump(kExpectGet, [&](const nlmsghdr* message) {
    if (auto expectation = read_expectation(message))
      state.expectations.push_back(std::move(*expectation));
  });
  if (!expectations.ok()) return expectations.error();
  std::sort(state.entries.begin(), state.entries.end(),
            [](const Entry& a, const Entry& b) { return a.name() < b.name(); });
  std::sort(state.expectations.begin(), state.expectations.end(),
            [](const Expectation& a, const Expectation& b) { return a.text < b.text; });
  return state;
}

Status Table::let_a_tick_pass() {
  const auto is_round = [](const Entry& entry) { return entry.timeout.value_or(1) % 10 == 0; };
  for (;;) {
    const Result<TableState> state = read();
    if (!state) return state.error();
    if (std::none_of(state->entries.begin(), state->entries.end(), is_round)) return {};
  }
}

}  // namespace ctwin::test
