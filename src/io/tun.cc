#include "io/tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "packet/checksum.h"

namespace ctwin::io {

/// What stands in front of each packet, in the machine's byte order (virtio_net_hdr, whose header
/// file is not for C++).
struct TunDevice::PacketWords {
  uint8_t flags;
  uint8_t kind;
  uint16_t headers;  ///< length of all headers
  uint16_t segment_size;
  uint16_t checksum_start;   ///< where what it covers begins
  uint16_t checksum_offset;  ///< of the field, from there on
};

namespace {

constexpr uint8_t kChecksumPending = 1;
constexpr uint8_t kSegmentsV4 = 1, kSegmentsV6 = 4;

constexpr const char* kTunPath = "/dev/net/tun";
constexpr size_t kLargestPacket = size_t{1} << 16;
constexpr size_t kBuffer = 8 * kLargestPacket;
/// Packets begin where cache lines do, and the kernel's words on them stand in front.
constexpr size_t kAlignment = 64;
constexpr size_t kWordsSize = 10;

Error refused(const std::string& name, const std::string& why) {
  return {EIO, "--tun " + name + ": " + why};
}

Error cannot_open(const std::string& name) {
  const int code = errno;
  std::string why = std::string("cannot open ") + kTunPath + ": " + std::strerror(code);
  if (code == ENOENT || code == ENODEV) why += " (the kernel's tun module is not there)";
  return refused(name, why);
}

Error cannot_attach(const std::string& name) {
  switch (const int code = errno) {
    case EPERM:
      return refused(name,
                     "not permitted: a TUN device takes root, CAP_NET_ADMIN, or one that was made "
                     "for this user (ip tuntap add dev " +
                         name + " mode tun user NAME)");
    case EBUSY: return refused(name, "another program has this device");
    case EINVAL: return refused(name, "there is a device of this name that is no TUN device");
    default: return refused(name, std::string("cannot make the device: ") + std::strerror(code));
  }
}

Error cannot_set_up(const std::string& name) {
  return refused(name, std::string("cannot set up the device: ") + std::strerror(errno));
}

/// What the kernel would take for a name, without patterns (%d).
bool is_device_name(const std::string& name) {
  return !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
         name.find_first_of("/:% \t\n") == std::string::npos;
}

/// What a network card would do: the field holds the sum of the pseudo header.
void complete_checksum(std::span<uint8_t> bytes, size_t start, size_t offset) {
  if (start + offset + 2 > bytes.size()) return;
  uint16_t sum = packet::fold_checksum(packet::add_checksum(bytes.subspan(start), 0));
  if (sum == 0) sum = 0xffff;  // UDP has another meaning for zero; to others both are the same
  bytes[start + offset] = static_cast<uint8_t>(sum >> 8);
  bytes[start + offset + 1] = static_cast<uint8_t>(sum);
}

}  // namespace

TunDevice::TunDevice(UniqueFd fd, const std::string& name)
    : fd_(std::move(fd)),
      names_{name},
      buffer_(std::make_unique_for_overwrite<uint8_t[]>(kBuffer)) {}

Result<std::unique_ptr<TunDevice>> TunDevice::open(const std::string& name) {
  if (!is_device_name(name)) return refused(name, "this is no name for a device");
  UniqueFd fd(::open(kTunPath, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (fd.get() < 0) return cannot_open(name);
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), name.size());
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  if (ioctl(fd.get(), TUNSETIFF, &request) < 0) return cannot_attach(name);
  static_assert(sizeof(PacketWords) == kWordsSize);
  const int words = kWordsSize;
  std::unique_ptr<TunDevice> device(new TunDevice(std::move(fd), name));
  if (ioctl(device->fd(), TUNSETVNETHDRSZ, &words) < 0) return cannot_set_up(name);
  // Whoever had a device that stays may have left it otherwise.
  if (Status small = device->give_large(false); !small) return small.error();
  return device;
}

Status TunDevice::give_large(bool wanted) {
  const unsigned offloads = wanted ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 : 0;
  return ioctl(fd_.get(), TUNSETOFFLOAD, offloads) < 0 ? Status(cannot_set_up(name())) : Status();
}

Result<size_t> TunDevice::read(std::span<CapturedPacket> packets) {
  size_t count = 0;
  size_t used = kAlignment;
  while (count < packets.size() && used + kLargestPacket <= kBuffer) {
    uint8_t* const at = buffer_.get() + used;
    const ssize_t got = ::read(fd_.get(), at - kWordsSize, kWordsSize + kLargestPacket);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || count != 0)) break;
    if (got < 0) return cannot_read();
    if (static_cast<size_t>(got) <= kWordsSize) continue;
    const std::span<uint8_t> bytes(at, static_cast<size_t>(got) - kWordsSize);
    PacketWords words;
    std::memcpy(&words, at - kWordsSize, kWordsSize);
    take(words, bytes, packets[count++]);
    used += (bytes.size() + kWordsSize + kAlignment - 1) / kAlignment * kAlignment;
  }
  return count;
}

Error TunDevice::cannot_read() const {
  const int code = errno;
  if (code == EBADFD) return {code, name() + ": the device has been deleted"};
  return {code, name() + ": cannot read: " + std::strerror(code)};
}

void TunDevice::take(const PacketWords& words, std::span<uint8_t> bytes, CapturedPacket& packet) {
  packet = {};
  packet.bytes = bytes;
  packet.wire_length = static_cast<uint32_t>(bytes.size());
  packet.checksum_not_ready = (words.flags & kChecksumPending) != 0;
  if (words.kind == kSegmentsV4 || words.kind == kSegmentsV6)
    packet.segment_size = words.segment_size;
  else if (packet.checksum_not_ready)
    complete_checksum(bytes, words.checksum_start, words.checksum_offset);
}

void TunDevice::write(const engine::Departure& packet) {
  constexpr uint16_t kChecksum = 16;  // in a TCP header
  PacketWords words{};
  if (packet.segment_size != 0) {
    const bool v4 = packet.bytes[0] >> 4 == 4;
    const auto l4_offset = static_cast<uint16_t>(packet.l4_offset);
    words.flags = kChecksumPending;
    words.kind = v4 ? kSegmentsV4 : kSegmentsV6;
    words.segment_size = packet.segment_size;
    words.headers = static_cast<uint16_t>(l4_offset + (packet.bytes[l4_offset + 12] >> 4) * 4);
    words.checksum_start = l4_offset;
    words.checksum_offset = kChecksum;
  }
  const iovec parts[] = {{&words, kWordsSize},
                         {const_cast<uint8_t*>(packet.bytes.data()), packet.bytes.size()}};
  if (writev(fd_.get(), parts, 2) >= 0) return;
  last_error_ = errno;
  ++unsent_;
}

std::string TunDevice::last_words() const {
  if (unsent_ == 0) return {};
  std::string words = name() + ": " + std::to_string(unsent_) +
                      " packets could not be sent: " + std::strerror(last_error_);
  if (last_error_ == EIO) words += " (the device is down)";
  return words;
}

}  // namespace ctwin::io
