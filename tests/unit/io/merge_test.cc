#include "io/merge.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "support/capture_builder.h"

using namespace ctwin;
using namespace ctwin::io;
using namespace ctwin::test;

namespace {

/// A packet that carries a number to know it by.
Bytes numbered(uint32_t number) {
  Bytes bytes(24, 0);
  bytes[0] = 0x45;
  for (int i = 0; i < 4; ++i) bytes[20 + i] = static_cast<uint8_t>(number >> 8 * i);
  return bytes;
}

uint32_t number_of(const CapturedPacket& packet) {
  uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number |= static_cast<uint32_t>(packet.bytes[20 + i]) << 8 * i;
  return number;
}

/// Times in microseconds; packets are numbered from `number` on.
Bytes pcap(uint32_t number, const std::vector<uint32_t>& times) {
  PcapBuilder file(101);
  for (const uint32_t time : times) file.packet(0, time, numbered(number++));
  return file.bytes();
}

std::unique_ptr<CaptureReader> open(const Bytes& bytes, const char* name = "FILE") {
  auto reader = CaptureReader::open(file_of(bytes), name);
  REQUIRE(reader);
  return std::move(*reader);
}

std::vector<uint32_t> numbers(CaptureMerger& merger, size_t batch) {
  std::vector<uint32_t> seen;
  std::vector<CapturedPacket> packets(batch);
  // A batch is looked at when all of it has been read.
  while (const size_t count = merger.read(packets))
    for (size_t i = 0; i < count; ++i) seen.push_back(number_of(packets[i]));
  return seen;
}

std::vector<std::string> interface_names(CaptureMerger& merger) {
  std::vector<std::string> seen;
  CapturedPacket packet;
  while (merger.read({&packet, 1}) == 1) seen.push_back(merger.interfaces()[packet.interface]);
  return seen;
}

Bytes named_interfaces(const std::vector<std::string>& names) {
  PcapngBuilder file;
  for (const std::string& name : names) file.interface(101, {PcapngBuilder::text(2, name)});
  for (uint32_t i = 0; i < names.size(); ++i)
    file.packet({.interface = i, .time = i, .frame = numbered(i)});
  return file.bytes();
}

}  // namespace

TEST_CASE("packets of several captures come by time, at equal times in the captures' order") {
  for (const size_t batch : {1, 3, 64}) {
    CaptureMerger merger;
    merger.add(open(pcap(100, {10, 20, 20, 40})));
    merger.add(open(pcap(200, {5, 20, 30})));
    merger.add(open(pcap(300, {})));
    merger.add(open(pcap(400, {20, 50})));
    CHECK_EQ(numbers(merger, batch),
             std::vector<uint32_t>{200, 100, 101, 102, 201, 400, 202, 103, 401});
    CHECK(merger.damage().empty());
    CHECK_EQ(merger.counts().packets, 9);
  }
}

TEST_CASE("packets of one capture keep their order, whatever their times") {
  CaptureMerger alone;
  alone.add(open(pcap(100, {30, 10, 20})));
  CHECK_EQ(numbers(alone, 8), std::vector<uint32_t>{100, 101, 102});
  CaptureMerger merger;
  merger.add(open(pcap(100, {30, 10, 20})));
  merger.add(open(pcap(200, {15, 40})));
  CHECK_EQ(numbers(merger, 8), std::vector<uint32_t>{200, 100, 101, 102, 201});
}

TEST_CASE("no captures have no packets") {
  CaptureMerger merger;
  CHECK(numbers(merger, 4).empty());
  CHECK_EQ(merger.counts().packets, 0);
}

TEST_CASE("a merge of many packets is a stable sort of them") {
  constexpr uint32_t kSeed = 9;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  struct Known {
    uint32_t time, number;
  };
  std::vector<Known> expected;
  std::vector<Bytes> files;
  for (uint32_t file = 0; file < 7; ++file) {
    std::vector<uint32_t> times(random() % 500);
    for (uint32_t& time : times) time = random() % 300;
    std::sort(times.begin(), times.end());
    for (uint32_t i = 0; i < times.size(); ++i) expected.push_back({times[i], file * 1000 + i});
    files.push_back(pcap(file * 1000, times));
  }
  std::stable_sort(expected.begin(), expected.end(),
                   [](const Known& a, const Known& b) { return a.time < b.time; });
  std::vector<uint32_t> order;
  for (const Known& known : expected) order.push_back(known.number);
  for (const size_t batch : {1, 32, 1000}) {
    CaptureMerger merger;
    for (const Bytes& bytes : files) merger.add(open(bytes));
    CHECK_EQ(numbers(merger, batch), order);
  }
}

TEST_CASE("interfaces of one name are one, whichever capture they come from") {
  CaptureMerger merger;
  merger.add(open(named_interfaces({"lan", "wan"})));
  merger.add(open(named_interfaces({"dmz", "lan"})));
  CHECK_EQ(interface_names(merger), std::vector<std::string>{"lan", "dmz", "wan", "lan"});
  CHECK_EQ(merger.interfaces().size(), 3);
}

TEST_CASE("a capture can be given one name for all of its packets") {
  CaptureMerger merger;
  merger.add(open(named_interfaces({"a", "b"})), "eth0");
  merger.add(open(pcap(1, {5})), "eth1");
  CHECK_EQ(interface_names(merger), std::vector<std::string>{"eth0", "eth0", "eth1"});
  CHECK_EQ(merger.interfaces(), std::vector<std::string>{"eth0", "eth1"});

  CaptureMerger alone;
  alone.add(open(named_interfaces({"a", "b"})), "eth0");
  CHECK_EQ(interface_names(alone), std::vector<std::string>{"eth0", "eth0"});
}

TEST_CASE("damage ends its capture and not the others") {
  Bytes damaged = pcap(100, {10, 20});
  damaged.resize(damaged.size() - 1);
  for (const size_t batch : {1, 64}) {
    CaptureMerger merger;
    merger.add(open(damaged, "first"));
    merger.add(open(pcap(200, {15, 25})));
    merger.add(open(damaged, "third"));
    CHECK_EQ(numbers(merger, batch), std::vector<uint32_t>{100, 100, 200, 201});
    REQUIRE_EQ(merger.damage().size(), 2);
    CHECK_EQ(merger.damage()[0].text.substr(0, 16), "first: offset 64");
    CHECK_EQ(merger.damage()[1].text.substr(0, 16), "third: offset 64");
  }
}

TEST_CASE("sizes add up, unless one is not known") {
  const Bytes bytes = pcap(1, {1});
  CaptureMerger files;
  files.add(open(bytes));
  files.add(open(bytes));
  CHECK_EQ(numbers(files, 4).size(), 2);
  CHECK_EQ(files.counts().file_size, 2 * bytes.size());
  CHECK_EQ(files.counts().bytes_read, 2 * bytes.size());
  auto pipe = CaptureReader::open(pipe_of(bytes), "pipe");
  REQUIRE(pipe);
  files.add(std::move(*pipe));
  CHECK_EQ(files.counts().file_size, 0);
}

TEST_CASE("a writer who takes his time is not waited for, if asked so") {
  const Bytes early = pcap(100, {10, 30}), late = pcap(200, {20});
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  UniqueFd writer(ends[1]);
  const auto write_part = [&](const Bytes& bytes, size_t from, size_t to) {
    REQUIRE(write(writer.get(), &bytes[from], to - from) == static_cast<ssize_t>(to - from));
  };
  write_part(late, 0, 30);  // the head of the file, and some of the packet's
  auto reader = CaptureReader::open(UniqueFd(ends[0]), "pipe");
  REQUIRE(reader);
  CaptureMerger merger;
  merger.add(open(early));
  merger.add(std::move(*reader));
  merger.do_not_wait();
  CHECK(numbers(merger, 8).empty());
  CHECK(merger.waits_for() == ends[0]);
  write_part(late, 30, late.size() - 1);
  CHECK(numbers(merger, 8).empty());
  CHECK(merger.waits_for() == ends[0]);
  write_part(late, late.size() - 1, late.size());
  CHECK(numbers(merger, 8) == std::vector<uint32_t>{100, 200});
  CHECK(merger.waits_for() == ends[0]);
  writer = {};
  CHECK(numbers(merger, 8) == std::vector<uint32_t>{101});
  CHECK(merger.waits_for() == -1);
  CHECK(merger.damage().empty());
}

TEST_CASE("a single capture whose writer takes his time ends only when he does") {
  const Bytes bytes = pcap(1, {10, 20});
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  UniqueFd writer(ends[1]);
  REQUIRE(write(writer.get(), bytes.data(), bytes.size() - 3) ==
          static_cast<ssize_t>(bytes.size() - 3));
  auto reader = CaptureReader::open(UniqueFd(ends[0]), "pipe");
  REQUIRE(reader);
  CaptureMerger merger;
  merger.add(std::move(*reader));
  merger.do_not_wait();
  CHECK(numbers(merger, 8) == std::vector<uint32_t>{1});
  CHECK(merger.waits_for() == ends[0]);
  writer = {};
  CHECK(numbers(merger, 8).empty());
  CHECK(merger.waits_for() == -1);
  CHECK(merger.damage().size() == 1);
}
