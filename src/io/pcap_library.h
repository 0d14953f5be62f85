// libpcap, loaded when an interface is to be watched: it brings a dozen libraries with it, which no
// other command should wait for.
#pragma once

#include <pcap/pcap.h>

#include "ctwin/result.h"

namespace ctwin::io {

/// libpcap's functions, by their names without "pcap_".
struct PcapLibrary {
  decltype(&pcap_create) create;
  decltype(&pcap_close) close;
  decltype(&pcap_geterr) geterr;
  decltype(&pcap_statustostr) statustostr;
  decltype(&pcap_set_snaplen) set_snaplen;
  decltype(&pcap_set_buffer_size) set_buffer_size;
  decltype(&pcap_set_timeout) set_timeout;
  decltype(&pcap_set_tstamp_precision) set_tstamp_precision;
  decltype(&pcap_get_tstamp_precision) get_tstamp_precision;
  decltype(&pcap_activate) activate;
  decltype(&pcap_datalink) datalink;
  decltype(&pcap_set_datalink) set_datalink;
  decltype(&pcap_setnonblock) setnonblock;
  decltype(&pcap_get_selectable_fd) get_selectable_fd;
  decltype(&pcap_compile) compile;
  decltype(&pcap_setfilter) setfilter;
  decltype(&pcap_freecode) freecode;
  decltype(&pcap_dispatch) dispatch;
  decltype(&pcap_breakloop) breakloop;
  decltype(&pcap_stats) stats;

  /// Loads it the first time. Fails with ENOENT where it is not installed.
  static Result<const PcapLibrary*> load();
};

}  // namespace ctwin::io
