#include "io/capture_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/capture_reader.h"

using namespace ctwin;
using namespace ctwin::io;

namespace {

using Bytes = std::vector<uint8_t>;

/// A file in memory, which a writer gets a descriptor of.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("capture", MFD_CLOEXEC)) { REQUIRE(fd_.get() >= 0); }

  UniqueFd duplicate() const { return UniqueFd(dup(fd_.get())); }
  Bytes bytes() const {
    Bytes all(static_cast<size_t>(lseek(fd_.get(), 0, SEEK_END)));
    REQUIRE_EQ(pread(fd_.get(), all.data(), all.size(), 0), static_cast<ssize_t>(all.size()));
    return all;
  }
  std::unique_ptr<CaptureReader> read() const {
    lseek(fd_.get(), 0, SEEK_SET);
    auto reader = CaptureReader::open(duplicate(), "FILE");
    REQUIRE(reader);
    return std::move(*reader);
  }

 private:
  UniqueFd fd_;
};

/// An IPv4 packet of `size` bytes, by a number to know it by.
Bytes packet(size_t size, uint8_t number) {
  Bytes bytes(size, number);
  bytes[0] = 0x45;
  bytes[2] = static_cast<uint8_t>(size >> 8);
  bytes[3] = static_cast<uint8_t>(size);
  return bytes;
}

}  // namespace

TEST_CASE("what was written is read again: bytes, times, lengths, interfaces, direction") {
  const MemoryFile file;
  const auto writer = CaptureWriter::open(file.duplicate(), "FILE");
  CHECK_EQ(writer->add_interface("eth0"), 0);
  writer->write(0, 1'700'000'000'123'456'789, packet(21, 1), 21);
  CHECK_EQ(writer->add_interface("eth1"), 1);
  writer->write(1, 1'700'000'000'123'456'790, packet(24, 2), 1500);
  writer->write(0, 0, packet(23, 3), 23);
  CHECK(writer->finish().ok());

  const auto reader = file.read();
  CapturedPacket seen;
  REQUIRE(reader->next(seen));
  CHECK(std::ranges::equal(seen.bytes, packet(21, 1)));
  CHECK_EQ(seen.time, 1'700'000'000'123'456'789);
  CHECK_EQ(seen.wire_length, 21);
  CHECK_EQ(reader->interfaces().at(seen.interface), "eth0");
  CHECK(seen.direction == PacketDirection::kUnknown);
  REQUIRE(reader->next(seen));
  CHECK(std::ranges::equal(seen.bytes, packet(24, 2)));
  CHECK_EQ(seen.time, 1'700'000'000'123'456'790);
  CHECK_EQ(seen.wire_length, 1500);
  CHECK_EQ(reader->interfaces().at(seen.interface), "eth1");
  REQUIRE(reader->next(seen));
  CHECK_EQ(seen.time, 0);
  CHECK_FALSE(reader->next(seen));
  CHECK_FALSE(reader->damage());
}

TEST_CASE("a capture of nothing is a capture") {
  const MemoryFile file;
  const auto writer = CaptureWriter::open(file.duplicate(), "FILE");
  CHECK(writer->finish().ok());
  CHECK_EQ(file.bytes(),
           Bytes{0x0a, 0x0d, 0x0d, 0x0a, 28,   0,    0,    0,    0x4d, 0x3c, 0x2b, 0x1a, 1, 0,
                 0,    0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28,   0,    0, 0});
  CapturedPacket seen;
  const auto reader = file.read();
  CHECK_FALSE(reader->next(seen));
  CHECK_FALSE(reader->damage());
}

TEST_CASE("blocks are what pcapng says") {
  const MemoryFile file;
  const auto writer = CaptureWriter::open(file.duplicate(), "FILE");
  writer->add_interface("tl");
  writer->write(0, 0x0102030405060708, Bytes{0x65}, 2);
  CHECK(writer->finish().ok());
  const Bytes all = file.bytes();
  REQUIRE_EQ(all.size(), 28 + 40 + 48);
  CHECK_EQ(Bytes(all.begin() + 28, all.begin() + 68),
           Bytes{1,   0,   0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2,  0, 2, 0,
                 't', 'l', 0, 0, 9,  0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0});
  CHECK_EQ(
      Bytes(all.begin() + 68, all.end()),
      Bytes{6,  0, 0, 0, 48, 0, 0, 0, 0, 0, 0, 0, 4, 3, 2, 1, 8,    7,    6,    5, 15, 0, 0, 0,
            16, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd, 0x65, 0, 48, 0, 0, 0});
}

TEST_CASE("many packets go through the buffer in order") {
  const MemoryFile file;
  const auto writer = CaptureWriter::open(file.duplicate(), "FILE");
  writer->add_interface("eth0");
  constexpr uint32_t kPackets = 3000;
  for (uint32_t i = 0; i < kPackets; ++i)
    writer->write(0, i, packet(20 + i % 1480, static_cast<uint8_t>(i)), 20 + i % 1480);
  CHECK_GT(file.bytes().size(), 1'000'000);  // before it was asked to finish
  CHECK(writer->finish().ok());
  const auto reader = file.read();
  CapturedPacket seen;
  for (uint32_t i = 0; i < kPackets; ++i) {
    REQUIRE(reader->next(seen));
    REQUIRE_EQ(seen.time, i);
    REQUIRE(std::ranges::equal(seen.bytes, packet(20 + i % 1480, static_cast<uint8_t>(i))));
  }
  CHECK_FALSE(reader->next(seen));
}

TEST_CASE("what is left is written when the writer ends") {
  const MemoryFile file;
  {
    const auto writer = CaptureWriter::open(file.duplicate(), "FILE");
    writer->add_interface("eth0");
  }
  CHECK_EQ(file.bytes().size(), 28 + 40);
}

TEST_CASE("a file that cannot be made or written is named") {
  const auto none = CaptureWriter::open("/nonexistent/out.pcapng");
  REQUIRE_FALSE(none);
  CHECK_EQ(none.error().code, ENOENT);
  CHECK(none.error().text.starts_with("/nonexistent/out.pcapng: cannot write: "));

  const auto full = CaptureWriter::open("/dev/full");
  REQUIRE(full);
  const Status finished = (*full)->finish();
  CHECK_EQ(finished.error().code, ENOSPC);
  CHECK(finished.error().text.starts_with("/dev/full: cannot write: "));
}

TEST_CASE("after a failure nothing more is written, and the first reason is kept") {
  const auto writer = CaptureWriter::open(UniqueFd(open("/dev/full", O_WRONLY)), "FILE");
  writer->add_interface("eth0");
  for (uint32_t i = 0; i < 1000; ++i) writer->write(0, i, packet(1400, 1), 1400);
  CHECK_EQ(writer->finish().error().code, ENOSPC);
  CHECK_EQ(writer->finish().error().code, ENOSPC);
}
