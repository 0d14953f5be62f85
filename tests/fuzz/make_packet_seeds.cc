// Makes the seeds of the fuzz targets `packet` and `capture`, one file for each kind of packet, of
// capture, and of damage:   make_packet_seeds tests/fuzz/seeds
#include <netinet/in.h>

#include "fuzz/seeds.h"
#include "support/capture_builder.h"
#include "support/packet_builder.h"

namespace ctwin::test {
namespace {

Bytes without_end(Bytes bytes, size_t missing) {
  bytes.resize(bytes.size() - missing);
  return bytes;
}

/// As packet.cc reads them; each is cut in its middle too.
Bytes packets(const std::vector<Bytes>& all) {
  FileBytes input;
  for (const Bytes& bytes : all) {
    input.u16(static_cast<uint16_t>(bytes.size())).u16(static_cast<uint16_t>(bytes.size() / 2));
    input.raw(bytes);
  }
  return input.bytes();
}

Ip ipv6(std::vector<ExtensionHeader> extensions = {}) {
  Ip ip;
  ip.src = "fd01::2";
  ip.dst = "fd02::2";
  ip.extensions = std::move(extensions);
  return ip;
}

Ip with_fragment(uint16_t field) {
  Ip ip;
  ip.id = 7;
  ip.fragment = field;
  return ip;
}

Bytes fragment_v4(uint16_t field, size_t size) {
  return ip_packet(with_fragment(field), IPPROTO_UDP, data(size)).bytes;
}

Bytes fragment_v6(uint16_t field, size_t size) {
  const auto high = static_cast<uint8_t>(field >> 8);
  const auto low = static_cast<uint8_t>(field);
  return ip_packet(ipv6({{44, {0, 0, high, low, 0, 0, 0, 7}}}), IPPROTO_UDP, data(size)).bytes;
}

void make_packet_seeds(const Seeds& seeds) {
  const Bytes padding = {0, 0, 1, 4, 0, 0, 0, 0};
  Ip options;
  options.options = Bytes(12, 1);
  const auto write = [&](const char* name, const std::vector<Bytes>& all) {
    seeds.write(name, packets(all));
  };
  write("tcp", {tcp_packet({}, {}).bytes});
  write("udp-with-ip-options", {udp_packet(options, {}).bytes});
  write("icmp", {icmp_packet({}, {}).bytes});
  write("sctp", {sctp_packet({}, {}).bytes});
  write("udp6", {udp_packet(ipv6(), {}).bytes});
  write("extension-headers",
        {udp_packet(ipv6({{0, padding}, {60, padding}, {43, Bytes(8, 0)}, {51, Bytes(8, 0)}}), {})
             .bytes});
  write(
      "hop-by-hop-options",
      {udp_packet(ipv6({{0, {0, 1, 5, 2, 0, 0, 0x1e, 1, 0, 0x31, 2, 0, 0, 0, 0, 0}}}), {}).bytes});
  write("no-next-header", {ip_packet(ipv6({{60, padding}}), 59, {}).bytes});
  write("fragments", {fragment_v4(0x2000, 16), fragment_v4(0x2002, 16), fragment_v4(4, 5)});
  write("fragments-reversed",
        {fragment_v4(4, 5), fragment_v4(0x2002, 16), fragment_v4(0x2000, 16)});
  write("fragments-overlap", {fragment_v4(0x2000, 16), fragment_v4(0x2001, 16)});
  write("fragments-twice", {fragment_v4(0x2000, 16), fragment_v4(0x2000, 16), fragment_v4(2, 8)});
  write("fragments6", {fragment_v6(1, 16), fragment_v6(17, 16), fragment_v6(32, 5)});
  write("fragments6-odd", {fragment_v6(1, 16), fragment_v6(17, 13)});
  write("fragment6-alone", {fragment_v6(0, 21)});
  write("fragments-too-late", {fragment_v4(0x2000, 16), {}, {}, {}, {}, {}, {}, fragment_v4(2, 8)});
  write("torn", {without_end(tcp_packet({}, {}).bytes, 25)});
}

Bytes front(Bytes header, const Bytes& rest) {
  header.insert(header.end(), rest.begin(), rest.end());
  return header;
}

void make_capture_seeds(const Seeds& seeds) {
  const Bytes ip = udp_packet({}, {}).bytes;
  const Bytes ip6 = udp_packet(ipv6(), {}).bytes;
  const Bytes ethernet = ethernet_frame(ip);
  const Bytes cooked = {0, 4, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0};
  const Bytes cooked2 = {8, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0};
  const auto classic = [](uint32_t link_type, const Bytes& frame) {
    return PcapBuilder(link_type).packet(1, 2, frame).packet(3, 4, frame, 1500).bytes();
  };
  seeds.write("ethernet", classic(1, ethernet));
  seeds.write("ethernet-tags", classic(1, ethernet_frame(ip6, {0x88a80001, 0x81000002})));
  seeds.write("cooked", classic(113, front(cooked, ip)));
  seeds.write("cooked2", classic(276, front(cooked2, ip)));
  seeds.write("raw", classic(101, ip6));
  seeds.write("null", classic(0, front({2, 0, 0, 0}, ip)));
  seeds.write("loop", classic(108, front({0, 0, 0, 2}, ip)));
  seeds.write("nanoseconds-big-endian",
              PcapBuilder(1, true, true).packet(1, 2, ethernet).packet(3, 4, ethernet).bytes());
  seeds.write("record-torn", without_end(classic(1, ethernet), 7));
  seeds.write("unknown-link-type", classic(127, ethernet));

  for (const bool big : {false, true}) {
    PcapngBuilder file(big);
    file.interface(1, {PcapngBuilder::text(2, "eth0"), {9, {9}}, file.number64(14, 3)});
    file.interface(101, {{9, {0x94}}}, 64);
    file.packet({.time = 1, .frame = ethernet, .options = {file.number32(2, 0x202)}});
    file.old_packet({.interface = 1, .time = 2, .frame = ip});
    file.simple_packet(ethernet).block(5, Bytes(8, 0));
    file.section(!big).interface(276, {PcapngBuilder::text(2, "any")});
    file.packet({.time = 3, .frame = front(cooked2, ip)});
    seeds.write(big ? "pcapng-big-endian" : "pcapng", file.bytes());
    if (!big) seeds.write("pcapng-torn", without_end(file.bytes(), 9));
  }
}

}  // namespace
}  // namespace ctwin::test

int main(int argc, char** argv) {
  using namespace ctwin::test;
  return make_seeds_below(argc, argv, [](const std::filesystem::path& root) {
    make_packet_seeds(Seeds(root / "packet"));
    make_capture_seeds(Seeds(root / "capture"));
  });
}
