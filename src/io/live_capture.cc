#include "io/live_capture.h"

#include <fmt/format.h>
#include <net/if.h>

#include <cerrno>
#include <cstring>

#include "io/pcap_library.h"

namespace ctwin::io {

namespace {

/// The largest frame that is taken whole: an IP packet, tags and all.
constexpr int kSnapLength = 1 << 17;
/// Where the kernel keeps frames until they are read.
constexpr int kKernelBuffer = 32 << 20;
/// How long frames may be held back so that several are read at once, ms.
constexpr int kDelay = 10;
constexpr size_t kBuffer = size_t{8} * kSnapLength;

Error refused(const std::string& name, const std::string& why) {
  return {EIO, "--capture " + name + ": " + why};
}

Error cannot_watch(const PcapLibrary& library, const std::string& name, int code, pcap_t* handle) {
  switch (code) {
    case PCAP_ERROR_NO_SUCH_DEVICE: return refused(name, "there is no such interface");
    case PCAP_ERROR_PERM_DENIED:
      return refused(name, "not permitted: to watch an interface takes root or CAP_NET_RAW");
    case PCAP_ERROR_IFACE_NOT_UP: return refused(name, "the interface is down");
    default: break;
  }
  const char* words = library.geterr(handle);
  return refused(name, words && *words ? words : library.statustostr(code));
}

}  // namespace

void LiveCapture::Close::operator()(pcap* handle) const { library->close(handle); }

LiveCapture::LiveCapture(const PcapLibrary& library, const std::string& name, Handle handle,
                         LinkType link_type)
    : library_(library),
      name_(name),
      handle_(std::move(handle)),
      link_type_(link_type),
      unit_(library.get_tstamp_precision(handle_.get()) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000),
      names_{name},
      system_numbers_{0},
      buffer_(std::make_unique_for_overwrite<uint8_t[]>(kBuffer)) {}

Result<std::unique_ptr<LiveCapture>> LiveCapture::open(const std::string& name,
                                                       const std::string& filter) {
  const auto loaded = PcapLibrary::load();
  if (!loaded) return refused(name, loaded.error().text);
  const PcapLibrary& library = **loaded;
  char words[PCAP_ERRBUF_SIZE] = {};
  Handle handle(library.create(name.c_str(), words), Close{&library});
  if (!handle) return refused(name, words);
  library.set_snaplen(handle.get(), kSnapLength);
  library.set_buffer_size(handle.get(), kKernelBuffer);
  library.set_timeout(handle.get(), kDelay);
  // A negative number is an error; a warning is nothing that the user could do about.
  (void)library.set_tstamp_precision(handle.get(), PCAP_TSTAMP_PRECISION_NANO);
  if (const int code = library.activate(handle.get()); code < 0)
    return cannot_watch(library, name, code, handle.get());
  // Of all interfaces together, version 2 of the cooked header tells which one it was.
  if (library.datalink(handle.get()) == DLT_LINUX_SLL)
    (void)library.set_datalink(handle.get(), DLT_LINUX_SLL2);
  const int link_type = library.datalink(handle.get());
  if (link_type < 0 || link_type > UINT16_MAX || !is_supported(static_cast<uint16_t>(link_type)))
    return refused(name, fmt::format("link type {} is not supported; ctwin reads {}", link_type,
                                     supported_link_types()));
  if (library.setnonblock(handle.get(), 1, words) < 0) return refused(name, words);
  std::unique_ptr<LiveCapture> capture(
      new LiveCapture(library, name, std::move(handle), static_cast<LinkType>(link_type)));
  if (Status filtered = capture->set_filter(filter); !filtered) return filtered.error();
  return capture;
}

Status LiveCapture::set_filter(const std::string& filter) {
  if (filter.empty()) return {};
  bpf_program program;
  if (library_.compile(handle_.get(), &program, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) < 0)
    return Error{EINVAL, "--capture-filter '" + filter + "': " + library_.geterr(handle_.get())};
  const int code = library_.setfilter(handle_.get(), &program);
  library_.freecode(&program);
  if (code < 0) return refused(name_, library_.geterr(handle_.get()));
  return {};
}

int LiveCapture::fd() const { return library_.get_selectable_fd(handle_.get()); }

Result<size_t> LiveCapture::read(std::span<CapturedPacket> packets) {
  struct Batch {
    LiveCapture& capture;
    std::span<CapturedPacket> packets;
    size_t count;
  };
  Batch batch{*this, packets, 0};
  used_ = 0;
  const auto take = [](u_char* user, const pcap_pkthdr* head, const u_char* bytes) {
    Batch& into = *reinterpret_cast<Batch*>(user);
    CapturedPacket& packet = into.packets[into.count];
    into.capture.keep({bytes, head->caplen}, head->len, packet);
    packet.time = static_cast<uint64_t>(head->ts.tv_sec) * 1'000'000'000 +
                  static_cast<uint64_t>(head->ts.tv_usec) * into.capture.unit_;
    into.count += !packet.bytes.empty();
    if (kBuffer - into.capture.used_ < kSnapLength)
      into.capture.library_.breakloop(into.capture.handle_.get());
  };
  const int code = library_.dispatch(handle_.get(), static_cast<int>(packets.size()), take,
                                     reinterpret_cast<u_char*>(&batch));
  if (code < 0 && code != PCAP_ERROR_BREAK)
    return Error{EIO, name_ + ": " + library_.geterr(handle_.get())};
  return batch.count;
}

/// The frame is valid no longer than until the next one: copies it. What is no IP leaves `packet`
/// without bytes.
void LiveCapture::keep(std::span<const uint8_t> frame, uint32_t wire_length,
                       CapturedPacket& packet) {
  constexpr size_t kEthernetHeader = 14;
  LinkHeader header;
  packet = {};
  if (!read_link_header(link_type_, frame, header)) return;
  uint8_t* const at = buffer_.get() + used_;
  std::memcpy(at, frame.data(), frame.size());
  used_ += frame.size();
  const std::span<const uint8_t> kept(at, frame.size());
  packet.bytes = kept.subspan(header.size);
  if (link_type_ == LinkType::kEthernet) packet.ethernet = kept.first(kEthernetHeader);
  packet.wire_length = wire_length - header.size;
  packet.direction = header.direction;
  packet.vlan = header.vlan;
  if (header.interface_index != 0) packet.interface = interface_of(header.interface_index);
}

/// Of an interface that came and went, the number is all there is.
uint32_t LiveCapture::interface_of(uint32_t system_number) {
  for (uint32_t i = 0; i < system_numbers_.size(); ++i)
    if (system_numbers_[i] == system_number) return i;
  char found[IF_NAMESIZE];
  names_.emplace_back(if_indextoname(system_number, found) ? std::string(found)
                                                           : fmt::format("if{}", system_number));
  system_numbers_.push_back(system_number);
  return static_cast<uint32_t>(names_.size() - 1);
}

std::string LiveCapture::last_words() const {
  pcap_stat counts{};
  if (library_.stats(handle_.get(), &counts) < 0 || counts.ps_drop == 0) return {};
  return fmt::format("{}: {} packets have been lost, for which there was no room", name_,
                     counts.ps_drop);
}

}  // namespace ctwin::io
