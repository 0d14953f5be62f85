// Netlink messages for tests: recorded from a kernel, or built by hand.
//
// A recording (tests/data/*.bin, made by record_messages.cc) is a run of datagrams as they came off
// the wire:
//
//   recording := (length:u32le datagram)*
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ctwin/address.h"
#include "ctwin/flow.h"
#include "netlink/message.h"

namespace ctwin::test {

using Bytes = std::vector<std::byte>;

/// A file as it is; throws when it cannot be read.
Bytes read_bytes(const std::string& path);

/// The datagrams of a recording under tests/data; throws when it cannot be read or is damaged.
std::vector<Bytes> load_recording(const std::string& name);
std::vector<Bytes> parse_recording(std::span<const std::byte> file);
void append_datagram(std::span<const std::byte> datagram, Bytes& recording);

/// Every conntrack (expectation) message of the recordings, each in a buffer of its own so that a
/// sanitizer sees a read past its end.
std::vector<Bytes> recorded_flows();
std::vector<Bytes> recorded_expectations();

/// The one message that `bytes` holds; it views them.
netlink::Message message_of(std::span<const std::byte> bytes);

/// A message whose attributes `fill` writes.
Bytes build_message(uint8_t subsystem, uint8_t type, uint16_t flags, uint8_t family,
                    const std::function<void(netlink::AttrWriter&)>& fill);

/// A flow as a kernel would tell it: every known field, those that only answers carry included.
Bytes flow_message(const Flow& flow, uint8_t type = 0, uint16_t flags = 0);

Address address(const std::string& text);
Tuple port_tuple(uint8_t proto, const std::string& src, uint16_t sport, const std::string& dst,
                 uint16_t dport);
Tuple icmp_tuple(uint8_t proto, const std::string& src, const std::string& dst, uint8_t type,
                 uint8_t code, uint16_t id);
/// The reply of a flow that nothing translates.
Tuple mirrored(const Tuple& tuple);

/// 10.0.1.2:41000 -> 10.0.2.2:80, ESTABLISHED and assured.
Flow tcp_flow();

}  // namespace ctwin::test
