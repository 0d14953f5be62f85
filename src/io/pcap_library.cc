#include "io/pcap_library.h"

#include <dlfcn.h>

#include <cerrno>
#include <string>

namespace ctwin::io {

namespace {

constexpr const char* kName = "libpcap.so.0.8";

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool find_all(void* library, PcapLibrary& functions) {
  return find(library, "pcap_create", functions.create) &&
         find(library, "pcap_close", functions.close) &&
         find(library, "pcap_geterr", functions.geterr) &&
         find(library, "pcap_statustostr", functions.statustostr) &&
         find(library, "pcap_set_snaplen", functions.set_snaplen) &&
         find(library, "pcap_set_buffer_size", functions.set_buffer_size) &&
         find(library, "pcap_set_timeout", functions.set_timeout) &&
         find(library, "pcap_set_tstamp_precision", functions.set_tstamp_precision) &&
         find(library, "pcap_get_tstamp_precision", functions.get_tstamp_precision) &&
         find(library, "pcap_activate", functions.activate) &&
         find(library, "pcap_datalink", functions.datalink) &&
         find(library, "pcap_set_datalink", functions.set_datalink) &&
         find(library, "pcap_setnonblock", functions.setnonblock) &&
         find(library, "pcap_get_selectable_fd", functions.get_selectable_fd) &&
         find(library, "pcap_compile", functions.compile) &&
         find(library, "pcap_setfilter", functions.setfilter) &&
         find(library, "pcap_freecode", functions.freecode) &&
         find(library, "pcap_dispatch", functions.dispatch) &&
         find(library, "pcap_breakloop", functions.breakloop) &&
         find(library, "pcap_stats", functions.stats);
}

}  // namespace

Result<const PcapLibrary*> PcapLibrary::load() {
  static PcapLibrary functions{};
  static bool loaded = false;
  if (loaded) return &functions;
  void* const library = dlopen(kName, RTLD_NOW | RTLD_LOCAL);  // for as long as the process lives
  if (!library || !find_all(library, functions))
    return Error{
        ENOENT,
        std::string("watching an interface takes libpcap (Debian's libpcap0.8): ") + dlerror()};
  loaded = true;
  return &functions;
}

}  // namespace ctwin::io
