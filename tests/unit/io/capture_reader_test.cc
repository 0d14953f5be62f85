#include "io/capture_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include "support/capture_builder.h"

using namespace ctwin;
using namespace ctwin::io;
using namespace ctwin::test;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

/// What is left of a packet when its reader has gone on.
struct Kept {
  Bytes bytes;
  CapturedPacket packet;
};

/// Everything that a reader gives, `batch` packets at a time.
struct Reading {
  std::vector<Kept> packets;
  std::vector<std::string> interfaces;
  std::string damage;
  CaptureCounts counts;
};

Reading read_all(CaptureReader& reader, size_t batch) {
  Reading reading;
  std::vector<CapturedPacket> packets(batch);
  while (const size_t count = reader.read(packets))
    for (size_t i = 0; i < count; ++i)
      reading.packets.push_back(
          {Bytes(packets[i].bytes.begin(), packets[i].bytes.end()), packets[i]});
  reading.interfaces = reader.interfaces();
  if (reader.damage()) reading.damage = reader.damage()->text;
  reading.counts = reader.counts();
  return reading;
}

Reading read_all(UniqueFd fd, size_t batch = 1) {
  auto reader = CaptureReader::open(std::move(fd), "FILE");
  REQUIRE_MESSAGE(reader, (reader ? "" : reader.error().text));
  return read_all(**reader, batch);
}
Reading read_all(const Bytes& bytes, size_t batch = 1) { return read_all(file_of(bytes), batch); }

std::string refusal(const Bytes& bytes) {
  const auto reader = CaptureReader::open(file_of(bytes), "FILE");
  return reader ? "" : reader.error().text;
}

/// Stands for an IP packet: the reader looks at its first byte and no further.
Bytes ip_bytes(size_t size, uint8_t version = 4) {
  Bytes bytes(size, 0xab);
  if (size > 0) bytes[0] = static_cast<uint8_t>(version << 4 | 5);
  return bytes;
}

Bytes with_front(Bytes front, const Bytes& rest) {
  front.insert(front.end(), rest.begin(), rest.end());
  return front;
}

Bytes first(const Bytes& bytes, size_t size) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

/// The only packet of a classic capture that holds `frame`; empty when it was passed over.
std::vector<Kept> through(uint32_t link_type, const Bytes& frame) {
  return read_all(PcapBuilder(link_type).packet(1, 0, frame).bytes()).packets;
}

/// Link types, and a frame of each around `ip`.
struct Link {
  uint32_t type;
  Bytes header;
};
std::vector<Link> links() {
  return {
      {1, first(ethernet_frame(ip_bytes(1)), 14)},
      {1, first(ethernet_frame(ip_bytes(1), {0x81000064}), 18)},
      {113, {0, 4, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x08, 0x00}},
      {276, {0x08, 0x00, 0, 0, 0, 0, 0, 9, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0}},
      {0, {2, 0, 0, 0}},
      {0, {0, 0, 0, 2}},
      {108, {0, 0, 0, 2}},
      {101, {}},
      {12, {}},
      {14, {}},
      {228, {}},
  };
}

constexpr uint16_t kNameOption = 2, kResolutionOption = 9, kOffsetOption = 14, kFlagsOption = 2;

}  // namespace

TEST_CASE("a classic capture is read in both byte orders, with micro- and nanoseconds") {
  for (const bool big : {false, true})
    for (const bool nanoseconds : {false, true})
      for (const size_t batch : {1, 2, 64}) {
        PcapBuilder file(1, big, nanoseconds);
        file.packet(4'000'000'000, 999'999, ethernet_frame(ip_bytes(40)));
        file.packet(4'000'000'001, 1, ethernet_frame(ip_bytes(50, 6)), 1514);
        const Reading reading = read_all(file.bytes(), batch);
        REQUIRE_EQ(reading.packets.size(), 2);
        const uint64_t unit = nanoseconds ? 1 : 1000;
        CHECK_EQ(reading.packets[0].packet.time, 4'000'000'000 * kSecond + 999'999 * unit);
        CHECK_EQ(reading.packets[0].bytes, ip_bytes(40));
        CHECK_EQ(reading.packets[0].packet.wire_length, 40);
        CHECK_EQ(reading.packets[1].packet.time, 4'000'000'001 * kSecond + unit);
        CHECK_EQ(reading.packets[1].bytes, ip_bytes(50, 6));
        CHECK_EQ(reading.packets[1].packet.wire_length, 1500);
        CHECK_EQ(reading.interfaces, std::vector<std::string>{"if0"});
        CHECK_EQ(reading.damage, "");
        CHECK_EQ(reading.counts.packets, 2);
        CHECK_EQ(reading.counts.bytes_read, file.bytes().size());
        CHECK_EQ(reading.counts.file_size, file.bytes().size());
      }
}

TEST_CASE("every link type gives the packet behind its header") {
  for (const Link& link : links()) {
    CAPTURE(link.type);
    const auto packets = through(link.type, with_front(link.header, ip_bytes(33)));
    REQUIRE_EQ(packets.size(), 1);
    CHECK_EQ(packets[0].bytes, ip_bytes(33));
    CHECK_EQ(packets[0].packet.wire_length, 33);
  }
  CHECK_EQ(through(229, ip_bytes(44, 6)).size(), 1);
  CHECK_EQ(through(101, ip_bytes(44, 6)).size(), 1);
}

TEST_CASE("a frame that is cut at any byte of its link layer is passed over") {
  for (const Link& link : links()) {
    CAPTURE(link.type);
    for (size_t size = 0; size < link.header.size(); ++size)
      CHECK(through(link.type, first(link.header, size)).empty());
    // Where the link layer says that it is IP, a packet of which nothing was captured is one.
    const bool tells = !link.header.empty();
    CHECK_EQ(through(link.type, link.header).size(), tells ? 1 : 0);
  }
}

TEST_CASE("a frame that carries no IP is counted and passed over") {
  PcapBuilder file;
  Bytes arp = ethernet_frame(ip_bytes(28));
  arp[13] = 0x06;
  file.packet(1, 0, arp).packet(2, 0, ethernet_frame(ip_bytes(28))).packet(3, 0, arp);
  const Reading reading = read_all(file.bytes(), 8);
  REQUIRE_EQ(reading.packets.size(), 1);
  CHECK_EQ(reading.packets[0].packet.time, 2 * kSecond);
  CHECK_EQ(reading.counts.packets, 3);
  CHECK_EQ(reading.counts.not_ip, 2);
  CHECK(through(101, ip_bytes(40, 5)).empty());
  CHECK(through(228, ip_bytes(40, 6)).empty());
  CHECK(through(229, ip_bytes(40, 4)).empty());
  CHECK(through(0, with_front({0, 0, 0, 7}, ip_bytes(20))).empty());
}

TEST_CASE("tags are taken off, and the innermost tells the network") {
  const auto packets =
      through(1, ethernet_frame(ip_bytes(30), {0x88a80001, 0x91000002, 0x8100f064}));
  REQUIRE_EQ(packets.size(), 1);
  CHECK_EQ(packets[0].bytes, ip_bytes(30));
  CHECK_EQ(packets[0].packet.vlan, 0x64);
  CHECK_EQ(through(1, ethernet_frame(ip_bytes(30)))[0].packet.vlan, 0);
  // Cooked captures have them too, behind their own header.
  const auto cooked =
      through(113, with_front({0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x81, 0, 0, 5, 0x86, 0xdd},
                              ip_bytes(40, 6)));
  REQUIRE_EQ(cooked.size(), 1);
  CHECK_EQ(cooked[0].packet.vlan, 5);
}

TEST_CASE("a PPPoE session carries IP of both versions") {
  const auto frame = [](uint8_t protocol) {
    Bytes bytes = first(ethernet_frame(ip_bytes(1)), 14);
    bytes[12] = 0x88;
    bytes[13] = 0x64;
    return with_front(with_front(bytes, {0x11, 0, 0, 1, 0, 42, 0, protocol}), ip_bytes(40));
  };
  CHECK_EQ(through(1, frame(0x21)).at(0).bytes, ip_bytes(40));
  CHECK_EQ(through(1, frame(0x57)).at(0).bytes, ip_bytes(40));
  CHECK(through(1, frame(0x25)).empty());
  for (size_t size = 14; size < 22; ++size) CHECK(through(1, first(frame(0x21), size)).empty());
}

TEST_CASE("every system's number of IPv6 is known to null and loop") {
  for (const uint8_t family : {10, 23, 24, 28, 30})
    for (const uint32_t type : {0, 108}) {
      CHECK_EQ(through(type, with_front({family, 0, 0, 0}, ip_bytes(40, 6))).size(), 1);
      CHECK_EQ(through(type, with_front({0, 0, 0, family}, ip_bytes(40, 6))).size(), 1);
    }
}

TEST_CASE("cooked captures tell the direction") {
  const PacketDirection expected[] = {PacketDirection::kInbound, PacketDirection::kInbound,
                                      PacketDirection::kInbound, PacketDirection::kUnknown,
                                      PacketDirection::kOutbound};
  for (uint8_t type = 0; type < 5; ++type) {
    const auto cooked =
        through(113, with_front({0, type, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0}, ip_bytes(20)));
    CHECK_EQ(cooked.at(0).packet.direction, expected[type]);
    const auto cooked2 = through(
        276,
        with_front({8, 0, 0, 0, 0, 0, 0, 1, 0, 1, type, 6, 1, 2, 3, 4, 5, 6, 0, 0}, ip_bytes(20)));
    CHECK_EQ(cooked2.at(0).packet.direction, expected[type]);
  }
}

TEST_CASE("cooked captures of the second kind tell each packet's interface") {
  PcapBuilder file(276);
  for (const uint8_t index : {3, 2, 3, 0})
    file.packet(
        1, 0,
        with_front({8, 0, 0, 0, 0, 0, 0, index, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0}, ip_bytes(20)));
  const Reading reading = read_all(file.bytes());
  CHECK_EQ(reading.interfaces, std::vector<std::string>{"if0", "if3", "if2"});
  std::vector<uint32_t> seen;
  for (const Kept& kept : reading.packets) seen.push_back(kept.packet.interface);
  CHECK_EQ(seen, std::vector<uint32_t>{1, 2, 1, 0});
}

TEST_CASE("interfaces without end end in one interface") {
  PcapBuilder file(276);
  for (uint32_t i = 1; i <= 5000; ++i)
    file.packet(1, 0,
                with_front({8,
                            0,
                            0,
                            0,
                            0,
                            0,
                            static_cast<uint8_t>(i >> 8),
                            static_cast<uint8_t>(i),
                            0,
                            1,
                            0,
                            6,
                            1,
                            2,
                            3,
                            4,
                            5,
                            6,
                            0,
                            0},
                           ip_bytes(20)));
  const Reading reading = read_all(file.bytes());
  CHECK_EQ(reading.packets.size(), 5000);
  CHECK_EQ(reading.interfaces.size(), 4096);
  CHECK_EQ(reading.packets.back().packet.interface, 0);
}

TEST_CASE("a length on the wire that is less than what was captured is not believed") {
  const Reading reading = read_all(PcapBuilder(101).packet(1, 0, ip_bytes(60), 10).bytes());
  CHECK_EQ(reading.packets.at(0).packet.wire_length, 60);
}

TEST_CASE("a classic capture that is cut anywhere says where, and what came before counts") {
  PcapBuilder whole;
  whole.packet(1, 0, ethernet_frame(ip_bytes(20)));
  const size_t after_one = whole.bytes().size();
  whole.packet(2, 0, ethernet_frame(ip_bytes(30)));
  for (const size_t batch : {1, 8})
    for (size_t size = 24; size < whole.bytes().size(); ++size) {
      CAPTURE(size);
      const Reading reading = read_all(first(whole.bytes(), size), batch);
      CHECK_EQ(reading.packets.size(), size < after_one ? 0 : 1);
      const bool between = size == 24 || size == after_one;
      const std::string expected = size < after_one ? "FILE: offset 24: the file ends inside of a "
                                                    : "FILE: offset 74: the file ends inside of a ";
      CHECK_EQ(reading.damage.substr(0, expected.size()), between ? "" : expected);
    }
  for (size_t size = 4; size < 24; ++size)
    CHECK_EQ(refusal(first(whole.bytes(), size)),
             "FILE: offset 0: the file ends inside of its head, after " + std::to_string(size) +
                 " bytes");
}

TEST_CASE("a record that is longer than any can be ends the capture") {
  Bytes bytes = PcapBuilder().packet(1, 0, ethernet_frame(ip_bytes(20))).bytes();
  const FileBytes record = FileBytes().u32(2).u32(0).u32(0x7fffffff).u32(0x7fffffff);
  const Reading reading = read_all(with_front(bytes, record.bytes()));
  CHECK_EQ(reading.packets.size(), 1);
  CHECK_EQ(reading.damage, "FILE: offset 74: a packet of 2147483647 bytes cannot be");
}

TEST_CASE("what is no capture is refused, and what could be one is told how to become it") {
  const auto magic = [](uint32_t number) {
    return FileBytes(true).u32(number).raw(Bytes(60, 0)).bytes();
  };
  CHECK_EQ(refusal({}), "FILE: not a capture: it has 0 bytes");
  CHECK_EQ(refusal({1, 2, 3}), "FILE: not a capture: it has 3 bytes");
  CHECK_EQ(refusal(magic(0x7f454c46)),
           "FILE: not a capture: it begins with 7f454c46, which is neither pcap nor pcapng");
  CHECK_EQ(refusal(magic(0x1f8b0800)), "FILE: it is compressed; zcat it into '-'");
  CHECK_EQ(refusal(magic(0xa1b2cd34)),
           "FILE: it is pcap as modified by Kuznetzov; editcap -F pcapng makes it one that can be "
           "read");
  CHECK_EQ(refusal(magic(0x34cdb2a1)), refusal(magic(0xa1b2cd34)));
  Bytes old = PcapBuilder().bytes();
  old[6] = 2;
  CHECK_EQ(refusal(old), "FILE: offset 4: pcap version 2.2 is not known, only 2.4");
  CHECK_EQ(refusal(PcapBuilder(127).bytes()).substr(0, 53),
           "FILE: offset 20: link type 127 is not supported; ctwi");
}

TEST_CASE("a file that cannot be opened or read is named") {
  const auto missing = CaptureReader::open("/nonexistent/capture");
  REQUIRE_FALSE(missing);
  CHECK_EQ(missing.error().text, "cannot open /nonexistent/capture: No such file or directory");
  const auto directory = CaptureReader::open("/");
  REQUIRE_FALSE(directory);
  CHECK_EQ(directory.error().text, "cannot read /: Is a directory");
}

TEST_CASE("a pipe is read like a file, of unknown size") {
  const Bytes bytes = PcapBuilder().packet(1, 0, ethernet_frame(ip_bytes(20))).bytes();
  const Reading reading = read_all(pipe_of(bytes), 4);
  CHECK_EQ(reading.packets.size(), 1);
  CHECK_EQ(reading.counts.file_size, 0);
  CHECK_EQ(reading.counts.bytes_read, bytes.size());
}

TEST_CASE("packets of a capture that is larger than the window are whole, in batches of any size") {
  constexpr uint32_t kSeed = 1 << 20;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  PcapBuilder file(101);
  PcapngBuilder next;
  next.interface(101);
  std::vector<Bytes> expected;
  for (uint32_t i = 0; i < 400; ++i) {
    Bytes ip = ip_bytes(i % 50 == 0 ? 200'000 : 1 + random() % 9000);
    for (size_t at = 1; at < ip.size(); at += 97) ip[at] = static_cast<uint8_t>(random());
    file.packet(i, 0, ip);
    next.packet({.time = i, .frame = ip});
    if (i % 10 == 0) next.block(0x12345678, Bytes(random() % 300'000 * 4, 1));
    expected.push_back(std::move(ip));
  }
  for (const Bytes& bytes : {file.bytes(), next.bytes()}) {
    REQUIRE_GT(bytes.size(), 3 << 20);
    for (const size_t batch : {1, 7, 64}) {
      auto reader = CaptureReader::open(file_of(bytes), "FILE");
      REQUIRE(reader);
      std::vector<CapturedPacket> packets(batch);
      size_t seen = 0;
      // All packets of a batch are looked at when the last of them has been read.
      while (const size_t count = (*reader)->read(packets))
        for (size_t i = 0; i < count; ++i) {
          REQUIRE_LT(seen, expected.size());
          REQUIRE(std::equal(packets[i].bytes.begin(), packets[i].bytes.end(),
                             expected[seen].begin(), expected[seen].end()));
          ++seen;
        }
      CHECK_EQ(seen, expected.size());
      CHECK_FALSE((*reader)->damage());
    }
  }
}

TEST_CASE("pcapng is read in both byte orders, with all three kinds of packets") {
  for (const bool big : {false, true}) {
    PcapngBuilder file(big);
    file.interface(1, {PcapngBuilder::text(kNameOption, "eth0")}, 64);
    file.packet({.time = 5'000'001, .frame = ethernet_frame(ip_bytes(21)), .wire_length = 100});
    file.old_packet({.time = 6'000'002, .frame = ethernet_frame(ip_bytes(22))});
    file.simple_packet(first(ethernet_frame(ip_bytes(60)), 64), 74);
    const Reading reading = read_all(file.bytes(), 8);
    CHECK_EQ(reading.damage, "");
    REQUIRE_EQ(reading.packets.size(), 3);
    CHECK_EQ(reading.packets[0].packet.time, 5'000'001'000);
    CHECK_EQ(reading.packets[0].bytes, ip_bytes(21));
    CHECK_EQ(reading.packets[0].packet.wire_length, 86);
    CHECK_EQ(reading.packets[1].packet.time, 6'000'002'000);
    CHECK_EQ(reading.packets[1].bytes, ip_bytes(22));
    // Without a time of its own, a packet comes when the one before it came.
    CHECK_EQ(reading.packets[2].packet.time, 6'000'002'000);
    CHECK_EQ(reading.packets[2].bytes, ip_bytes(50));
    CHECK_EQ(reading.packets[2].packet.wire_length, 60);
    CHECK_EQ(reading.interfaces, std::vector<std::string>{"eth0"});
  }
}

TEST_CASE("an interface's clock counts in powers of ten or of two, from any second on") {
  struct Row {
    int resolution;  ///< -1: not told
    int64_t offset;
    uint64_t time, ns;
  };
  constexpr uint64_t kLatest = INT64_MAX;
  for (const Row& row : {Row{-1, 0, 7, 7000},
                         Row{6, 0, 7, 7000},
                         Row{9, 0, 7, 7},
                         Row{0, 0, 7, 7 * kSecond},
                         Row{3, 0, 7, 7'000'000},
                         Row{12, 0, 7999, 7},
                         Row{12, 3, 7999, 3 * kSecond + 7},
                         Row{127, 0, UINT64_MAX, 1},
                         Row{28, 0, UINT64_MAX, 1},
                         Row{0x80, 0, 7, 7 * kSecond},
                         Row{0x81, 0, 7, 3'500'000'000},
                         Row{0x80 | 20, 0, 3 << 19, 1'500'000'000},
                         Row{0x80 | 63, 0, UINT64_MAX, 1'999'999'999},
                         Row{0x80 | 127, 0, UINT64_MAX, 0},
                         Row{6, 1'000'000'000, 1, 1'000'000'000 * kSecond + 1000},
                         Row{6, -5, 6'000'000, kSecond},
                         Row{6, -5, 1, 0},
                         Row{6, INT64_MIN, UINT64_MAX, 0},
                         Row{0, INT64_MAX, UINT64_MAX, kLatest},
                         Row{6, 0, UINT64_MAX, kLatest}}) {
    CAPTURE(row.resolution);
    CAPTURE(row.offset);
    for (const bool big : {false, true}) {
      PcapngBuilder file(big);
      std::vector<PcapngBuilder::Option> options;
      if (row.resolution >= 0)
        options.push_back({kResolutionOption, {static_cast<uint8_t>(row.resolution)}});
      if (row.offset != 0)
        options.push_back(file.number64(kOffsetOption, static_cast<uint64_t>(row.offset)));
      file.interface(101, options).packet({.time = row.time, .frame = ip_bytes(20)});
      CHECK_EQ(read_all(file.bytes()).packets.at(0).packet.time, row.ns);
    }
  }
}

TEST_CASE("a packet's flags tell its direction and whether its checksum is still to come") {
  struct Row {
    uint32_t flags;
    PacketDirection direction;
    bool not_ready;
  };
  for (const Row& row :
       {Row{0, PacketDirection::kUnknown, false}, Row{1, PacketDirection::kInbound, false},
        Row{2, PacketDirection::kOutbound, false}, Row{0x202, PacketDirection::kOutbound, true},
        Row{0xfffffdfc, PacketDirection::kUnknown, false}})
    for (const bool big : {false, true}) {
      PcapngBuilder file(big);
      file.interface(101);
      const std::vector<PcapngBuilder::Option> options = {PcapngBuilder::text(1, "a comment"),
                                                          file.number32(kFlagsOption, row.flags)};
      file.packet({.frame = ip_bytes(21), .options = options});
      file.old_packet({.frame = ip_bytes(21), .options = options});
      file.packet({.frame = ip_bytes(21)});
      const Reading reading = read_all(file.bytes());
      REQUIRE_EQ(reading.packets.size(), 3);
      for (size_t i = 0; i < 2; ++i) {
        CHECK_EQ(reading.packets[i].packet.direction, row.direction);
        CHECK_EQ(reading.packets[i].packet.checksum_not_ready, row.not_ready);
      }
      CHECK_EQ(reading.packets[2].packet.direction, PacketDirection::kUnknown);
      CHECK_FALSE(reading.packets[2].packet.checksum_not_ready);
    }
}

TEST_CASE("interfaces have link types of their own, and names or numbers") {
  PcapngBuilder file;
  file.interface(1, {PcapngBuilder::text(kNameOption, "wan")})
      .interface(101)
      .interface(1, {PcapngBuilder::text(kNameOption, std::string_view("br\n0\0x", 6))});
  file.packet({.interface = 1, .frame = ip_bytes(20)});
  file.packet({.interface = 2, .frame = ethernet_frame(ip_bytes(21))});
  file.packet({.interface = 0, .frame = ethernet_frame(ip_bytes(22))});
  const Reading reading = read_all(file.bytes());
  CHECK_EQ(reading.interfaces, std::vector<std::string>{"wan", "if1", "br?0"});
  REQUIRE_EQ(reading.packets.size(), 3);
  for (size_t i = 0; i < 3; ++i) CHECK_EQ(reading.packets[i].bytes.size(), 20 + i);
  CHECK_EQ(reading.packets[0].packet.interface, 1);
  CHECK_EQ(reading.packets[1].packet.interface, 2);
  CHECK_EQ(reading.packets[2].packet.interface, 0);
}

TEST_CASE("a capture of all interfaces tells them apart by the system's numbers, one by its name") {
  const Bytes frame =
      with_front({8, 0, 0, 0, 0, 0, 0, 7, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0}, ip_bytes(20));
  PcapngBuilder file;
  file.interface(276, {PcapngBuilder::text(kNameOption, "any")})
      .interface(276, {PcapngBuilder::text(kNameOption, "eth0")});
  file.packet({.interface = 0, .frame = frame}).packet({.interface = 1, .frame = frame});
  const Reading reading = read_all(file.bytes());
  REQUIRE_EQ(reading.packets.size(), 2);
  CHECK_EQ(reading.interfaces[reading.packets[0].packet.interface], "if7");
  CHECK_EQ(reading.interfaces[reading.packets[1].packet.interface], "eth0");
}

TEST_CASE("sections have byte orders and interfaces of their own; equal names are one interface") {
  PcapngBuilder file(false);
  file.interface(101, {PcapngBuilder::text(kNameOption, "lan")});
  file.packet({.time = 1, .frame = ip_bytes(20)});
  file.section(true).interface(1, {PcapngBuilder::text(kNameOption, "wan")});
  file.interface(1, {PcapngBuilder::text(kNameOption, "lan")});
  file.packet({.interface = 1, .time = 2, .frame = ethernet_frame(ip_bytes(21))});
  file.packet({.interface = 0, .time = 3, .frame = ethernet_frame(ip_bytes(22))});
  const Reading reading = read_all(file.bytes(), 8);
  CHECK_EQ(reading.damage, "");
  REQUIRE_EQ(reading.packets.size(), 3);
  CHECK_EQ(reading.interfaces, std::vector<std::string>{"lan", "wan"});
  CHECK_EQ(reading.packets[1].packet.interface, 0);
  CHECK_EQ(reading.packets[2].packet.interface, 1);
  CHECK_EQ(reading.packets[2].packet.time, 3000);
}

TEST_CASE("blocks of other types are passed over, however long") {
  PcapngBuilder file;
  file.interface(101).block(4, Bytes(8, 0)).block(0x80000001, Bytes(5 << 20, 1));
  file.packet({.frame = ip_bytes(20)}).block(5, Bytes(0, 0));
  const Reading reading = read_all(file.bytes(), 8);
  CHECK_EQ(reading.packets.size(), 1);
  CHECK_EQ(reading.damage, "");
  CHECK_EQ(reading.counts.packets, 1);
}

TEST_CASE("an interface that cannot be read spoils a capture only when there is no other") {
  constexpr uint16_t kUsb = 189;
  PcapngBuilder alone;
  alone.interface(kUsb).packet({.frame = Bytes(40, 0)});
  CHECK_EQ(read_all(alone.bytes()).damage.substr(0, 53),
           "FILE: offset 48: link type 189 is not supported; ctwi");
  PcapngBuilder mixed;
  mixed.interface(kUsb).interface(101);
  mixed.packet({.frame = Bytes(40, 0)}).packet({.interface = 1, .frame = ip_bytes(20)});
  const Reading reading = read_all(mixed.bytes());
  CHECK_EQ(reading.damage, "");
  CHECK_EQ(reading.packets.size(), 1);
  CHECK_EQ(reading.counts.not_ip, 1);
}

TEST_CASE("a pcapng capture that is cut anywhere says where, and what came before counts") {
  PcapngBuilder file;
  file.interface(101).packet({.frame = ip_bytes(20)});
  const size_t after_packet = file.bytes().size();
  file.block(0x12345678, Bytes(8, 0));
  const size_t after_unknown = file.bytes().size();
  file.packet({.frame = ip_bytes(21)});
  for (const size_t batch : {1, 8})
    for (size_t size = 28; size < file.bytes().size(); ++size) {
      CAPTURE(size);
      const Reading reading = read_all(first(file.bytes(), size), batch);
      CHECK_EQ(reading.packets.size(), size < after_packet ? 0 : 1);
      const bool between =
          size == 28 || size == 48 || size == after_packet || size == after_unknown;
      CHECK_EQ(reading.damage.empty(), between);
      const size_t offset = size < 48              ? 28
                            : size < after_packet  ? 48
                            : size < after_unknown ? after_packet
                                                   : after_unknown;
      const std::string expected =
          "FILE: offset " + std::to_string(offset) + ": the file ends inside of a block";
      if (!between) CHECK_EQ(reading.damage.substr(0, expected.size()), expected);
    }
  for (size_t size = 4; size < 28; ++size) CHECK_NE(refusal(first(file.bytes(), size)), "");
}

TEST_CASE("a pcapng block that cannot be ends the capture and says why") {
  struct Row {
    std::string what;
    Bytes block;
    std::string damage;
  };
  const auto numbers = [](std::initializer_list<uint32_t> words) {
    FileBytes bytes;
    for (const uint32_t word : words) bytes.u32(word);
    return bytes.bytes();
  };
  const std::vector<Row> rows = {
      {"too short for itself", numbers({6, 8, 8, 0}), "a block of 8 bytes cannot be"},
      {"not in fours", numbers({6, 35, 0, 0}), "a block of 35 bytes cannot be"},
      {"a packet block of a gigabyte", numbers({6, 1 << 30, 0, 0}),
       "a block of 1073741824 bytes cannot be"},
      {"two lengths", numbers({5, 16, 0, 20}), "a block of 16 bytes ends as one of 20"},
      {"two lengths of a packet", numbers({6, 32, 0, 0, 0, 0, 0, 36}),
       "a block of 32 bytes ends as one of 36"},
      {"a short packet block", numbers({6, 28, 0, 0, 0, 0, 28}),
       "the block is too short for its type"},
      {"a short old packet block", numbers({2, 28, 0, 0, 0, 0, 28}),
       "the block is too short for its type"},
      {"a short simple packet block", numbers({3, 12, 12}), "the block is too short for its type"},
      {"a short interface block", numbers({1, 16, 0, 16}), "the block is too short for its type"},
      {"a short section", numbers({0x0a0d0d0a, 16, 0x1a2b3c4d, 16}),
       "the block is too short for its type"},
      {"a section of no byte order", numbers({0x0a0d0d0a, 28, 0, 0, 0, 0, 28}),
       "a section with byte-order magic 00000000"},
      {"a section of version 2", numbers({0x0a0d0d0a, 28, 0x1a2b3c4d, 2, 0, 0, 28}),
       "a section of a version that is not known"},
      {"an unknown interface", numbers({6, 36, 9, 0, 0, 0, 0, 0, 36}),
       "a packet of an interface that is not described"},
      {"more captured than there is", numbers({6, 36, 0, 0, 0, 5, 5, 0, 36}),
       "the packet does not fit into its block"},
      {"far more captured than there is", numbers({6, 36, 0, 0, 0, 0xffffffff, 5, 0, 36}),
       "the packet does not fit into its block"},
      {"more in a simple packet", numbers({3, 20, 5, 0, 20}),
       "the packet does not fit into its block"},
      {"an option that is too long", numbers({6, 40, 0, 0, 0, 4, 4, 0, 5u << 16 | 2, 40}),
       "an option does not fit into its block"},
      {"an option of an interface that is too long", numbers({1, 24, 101, 0, 9u << 16 | 2, 24}),
       "an option does not fit into its block"},
  };
  PcapngBuilder start;
  start.interface(101).packet({.frame = ip_bytes(20)});
  for (const Row& row : rows) {
    CAPTURE(row.what);
    for (const size_t batch : {1, 8}) {
      const Reading reading = read_all(with_front(start.bytes(), row.block), batch);
      CHECK_EQ(reading.packets.size(), 1);
      CHECK_EQ(reading.damage,
               "FILE: offset " + std::to_string(start.bytes().size()) + ": " + row.damage);
    }
  }
}

TEST_CASE("a reader that has met damage or the end stays there") {
  const Bytes good = PcapBuilder(101).packet(1, 0, ip_bytes(20)).bytes();
  for (const Bytes& bytes : {good, first(good, good.size() - 1)}) {
    auto reader = CaptureReader::open(file_of(bytes), "FILE");
    REQUIRE(reader);
    CapturedPacket packet;
    CHECK_EQ((*reader)->next(packet), bytes.size() == good.size());
    for (int i = 0; i < 3; ++i) CHECK_FALSE((*reader)->next(packet));
  }
}

TEST_CASE("captures with any bytes changed are read without a read past the window") {
  constexpr uint32_t kSeed = 4;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  PcapBuilder classic(1, true);
  PcapngBuilder next(false);
  next.interface(1, {PcapngBuilder::text(kNameOption, "eth0"), {kResolutionOption, {9}}});
  for (uint32_t i = 0; i < 4; ++i) {
    classic.packet(i, i, ethernet_frame(ip_bytes(20 + i), {0x81000001}));
    next.packet({.time = i, .frame = ethernet_frame(ip_bytes(20 + i))});
    next.simple_packet(ethernet_frame(ip_bytes(7)));
  }
  size_t packets = 0;
  size_t touched = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes = round % 2 ? classic.bytes() : next.bytes();
    for (auto changes = 1 + random() % 3; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random() % 4 ? random() % 64 : 0xff);
    auto reader = CaptureReader::open(file_of(bytes), "FILE");
    if (!reader) continue;
    CapturedPacket packet;
    while ((*reader)->next(packet)) {
      ++packets;
      for (const uint8_t byte : packet.bytes) touched += byte;
      REQUIRE_GE(packet.wire_length, packet.bytes.size());
      REQUIRE_LT(packet.interface, (*reader)->interfaces().size());
    }
  }
  CHECK_GT(packets, 20000);
  CHECK_GT(touched, 0);
}
