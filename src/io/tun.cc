#include "io/tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ctwin::io {

namespace {

constexpr const char* kTunPath = "/dev/net/tun";
constexpr size_t kLargestPacket = size_t{1} << 16;
constexpr size_t kBuffer = 8 * kLargestPacket;
/// Packets begin where cache lines do.
constexpr size_t kAlignment = 64;

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

/// What the kernel would take for a name, without patterns (%d).
bool is_device_name(const std::string& name) {
  return !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
         name.find_first_of("/:% \t\n") == std::string::npos;
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
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(fd.get(), TUNSETIFF, &request) < 0) return cannot_attach(name);
  return std::unique_ptr<TunDevice>(new TunDevice(std::move(fd), name));
}

Result<size_t> TunDevice::read(std::span<CapturedPacket> packets) {
  size_t count = 0;
  size_t used = 0;
  while (count < packets.size() && used + kLargestPacket <= kBuffer) {
    uint8_t* const at = buffer_.get() + used;
    const ssize_t size = ::read(fd_.get(), at, kLargestPacket);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || count != 0)) break;
    if (size < 0) return Error{errno, name() + ": cannot read: " + std::strerror(errno)};
    CapturedPacket& packet = packets[count++];
    packet = {};
    packet.bytes = {at, static_cast<size_t>(size)};
    packet.wire_length = static_cast<uint32_t>(size);
    used += (static_cast<size_t>(size) + kAlignment - 1) / kAlignment * kAlignment;
  }
  return count;
}

void TunDevice::write(std::span<const uint8_t> packet) {
  if (::write(fd_.get(), packet.data(), packet.size()) >= 0) return;
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
