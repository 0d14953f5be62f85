// Packets as rows of text: scenarios are written in them, the generator speaks them, and a failing
// sequence is printed in them. What is left out is filled in so that the packet is right.
//
//   step     := ('>' | '<') ['~'] packet           '>' comes in from the left, '<' from the right
//             | '^' packet                         the box itself sends it (a raw socket in the
//                                                  kernel's); '~': as an answer (answers.h)
//             | 'then' LINE                        one more line of the setup takes effect
//             | 'wait' MILLISECONDS
//   packet   := kind endpoint endpoint word*  |  'raw' HEX
//   kind     := 'tcp' | 'udp' | 'udplite' | 'icmp' | 'icmp6' | 'sctp' | 'gre' | 'ip'
//   endpoint := host [':' PORT]
//   host     := 'l' N | 'r' N | 'L' N | 'R' N      10.1.0.N, 10.2.0.N, fd01::N, fd02::N
//             | IPV4 | '[' IPV6 ']'
//
// Words; numbers are decimal or 0x hexadecimal:
//   tcp      flags of SFRPAUEC or '-', as the first word; seq= ack= win= urg= doff= len=
//            options in their order: mss= wscale= sackok ts=A,B sack=L-R[,L-R..] nop eol opt=HEX
//   udp      len= ulen= nosum          ulen is the length field's own value
//   udplite  len= cov= nosum sum17[=long]     sum17: as Linux verifies it, with UDP's number in
//            the pseudo header and, in IPv4, the lowest byte of the length; long: all of the length
//   icmp(6)  type= code= id= seq= rest= len= body=HEX | of(packet) quote=N redirect=OPTION[,UNITS]
//   sctp     vtag=, chunks in their order: init=TAG init_ack=TAG data sack heartbeat heartbeat_ack
//            abort=FLAGS shutdown shutdown_ack error cookie_echo cookie_ack
//            shutdown_complete=FLAGS chunk=TYPE,FLAGS,LENGTH,BYTES
//   gre      ver= type= call= len=
//   ip       proto= len=
// and for all of them:
//   ttl= tos= id= df opts=HEX          of the IP header; id is the fragment's identity, too
//   ext=a,b,..                         IPv6 extension headers: hop dst route ah frag
//   sum=bad | sum=N                    the transport's checksum
//   cut=N                              only N bytes follow the IP header, and it says so
//   frag=OFFSET,LENGTH[,more|,last]    one fragment of the packet
//   iplen=N                            the length field of the IP header
//   pad=N                              bytes behind the packet, as of short Ethernet frames
//   poke=AT:VALUE[,AT:VALUE..]         bytes changed when all else is done
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctwin/result.h"
#include "wire.h"

namespace ctwin::test {

/// The device by which a packet comes in.
enum class Side : uint8_t { kLeft, kRight };
constexpr Side across(Side side) { return side == Side::kLeft ? Side::kRight : Side::kLeft; }

struct Step {
  Side side = Side::kLeft;
  bool outbound = false;
  uint32_t wait_ms = 0;  ///< when not 0 there is no packet
  std::string setup{};   ///< when not empty there is none either
  Packet packet{};
};

/// Does the step put a packet in?
bool has_packet(std::string_view step);
Result<Step> parse_step(std::string_view text);
Result<Packet> parse_packet_text(std::string_view text);

/// The lines of `text` that are steps; blank lines and those that begin with '#' are left out.
std::vector<std::string> step_lines(std::string_view text);

/// The step that puts these bytes in.
std::string raw_step(Side side, PacketView packet);

}  // namespace ctwin::test
