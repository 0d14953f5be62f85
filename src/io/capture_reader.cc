#include "io/capture_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/byte_order.h"
#include "io/frame_reader.h"

namespace ctwin::io {

namespace {

enum class Format : uint8_t { kUnknown, kPcap, kPcapng, kModifiedPcap, kCompressed, kOther };

struct Signature {
  uint32_t magic;  ///< the first four bytes, read as big endian
  Format format;
  const char* advice;  ///< for what ctwin does not read
};

constexpr Signature kSignatures[] = {
    {0xa1b2c3d4, Format::kPcap, ""},
    {0xd4c3b2a1, Format::kPcap, ""},
    {0xa1b23c4d, Format::kPcap, ""},
    {0x4d3cb2a1, Format::kPcap, ""},
    {0x0a0d0d0a, Format::kPcapng, ""},
    {0xa1b2cd34, Format::kModifiedPcap, "pcap as modified by Kuznetzov"},
    {0x34cdb2a1, Format::kModifiedPcap, "pcap as modified by Kuznetzov"},
    {0xa1e2cb12, Format::kModifiedPcap, "pcap as modified by Navtel"},
    {0x12cbe2a1, Format::kModifiedPcap, "pcap as modified by Navtel"},
    {0x1c0001ac, Format::kModifiedPcap, "pcap as modified by IXIA"},
    {0xac01001c, Format::kModifiedPcap, "pcap as modified by IXIA"},
    {0x1c0001ab, Format::kModifiedPcap, "pcap as modified by IXIA"},
    {0xab01001c, Format::kModifiedPcap, "pcap as modified by IXIA"},
    {0x28b52ffd, Format::kCompressed, "zstdcat"},
    {0xfd377a58, Format::kCompressed, "xzcat"},
    {0x736e6f6f, Format::kOther, "a snoop file"},
};

Signature find_signature(uint32_t magic) {
  constexpr uint32_t kGzip = 0x1f8b0000;
  if ((magic & 0xffff0000) == kGzip) return {magic, Format::kCompressed, "zcat"};
  for (const Signature& signature : kSignatures)
    if (signature.magic == magic) return signature;
  return {magic, Format::kUnknown, ""};
}

Error refusal(const std::string& name, const Signature& found) {
  switch (found.format) {
    case Format::kCompressed:
      return {EINVAL, fmt::format("{}: it is compressed; {} it into '-'", name, found.advice)};
    case Format::kModifiedPcap:
    case Format::kOther:
      return {EINVAL, fmt::format("{}: it is {}; editcap -F pcapng makes it one that can be read",
                                  name, found.advice)};
    default:
      return {EINVAL, fmt::format("{}: not a capture: it begins with {:08x}, which is neither pcap "
                                  "nor pcapng",
                                  name, found.magic)};
  }
}

}  // namespace

Result<std::unique_ptr<CaptureReader>> CaptureReader::open(const std::string& path) {
  if (path == "-") return open(UniqueFd(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)), "standard input");
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0)
    return Error{errno, fmt::format("cannot open {}: {}", path, std::strerror(errno))};
  return open(std::move(fd), path);
}

Result<std::unique_ptr<CaptureReader>> CaptureReader::open(UniqueFd fd, const std::string& name) {
  ByteStream stream(std::move(fd));
  constexpr size_t kMagic = 4;
  if (!stream.have(kMagic)) {
    if (const int failure = stream.failure(); failure != 0)
      return Error{failure, fmt::format("cannot read {}: {}", name, std::strerror(failure))};
    return Error{EINVAL,
                 fmt::format("{}: not a capture: it has {} bytes", name, stream.available())};
  }
  const Signature found = find_signature(ByteOrder::big().u32(stream.data()));
  if (found.format == Format::kPcap) return open_pcap(std::move(stream), name);
  if (found.format == Format::kPcapng) return open_pcapng(std::move(stream), name);
  return refusal(name, found);
}

}  // namespace ctwin::io
