#include "support/oracle.h"

#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

#include <stdexcept>
#include <vector>

#include "cli/names.h"

extern "C" std::time_t time(std::time_t* out) noexcept {
  if (out) *out = ctwin::test::kNow;
  return ctwin::test::kNow;
}

namespace ctwin::test {

namespace {

constexpr size_t kLineBytes = 1 << 14;

unsigned message_type(EventKind event) {
  switch (event) {
    case EventKind::kNew: return NFCT_T_NEW;
    case EventKind::kUpdate: return NFCT_T_UPDATE;
    case EventKind::kDestroy: return NFCT_T_DESTROY;
    case EventKind::kNone: break;
  }
  return NFCT_T_UNKNOWN;
}

/// As conntrack sets them: -o timestamp is the library's business in XML only.
unsigned output_flags(EventKind event, const cli::PrintOptions& options, bool flows) {
  const bool xml = options.format == cli::Format::kXml;
  unsigned flags = 0;
  if (options.extended) flags |= NFCT_OF_SHOW_LAYER3;
  if (options.id) flags |= NFCT_OF_ID;
  if (options.ktimestamp) flags |= NFCT_OF_TIMESTAMP;
  if (options.timestamp && xml && (!flows || event != EventKind::kNone)) flags |= NFCT_OF_TIME;
  return flags;
}

unsigned output_type(const cli::PrintOptions& options) {
  return options.format == cli::Format::kXml ? NFCT_O_XML : NFCT_O_PLAIN;
}

/// A copy aligned for the library.
std::vector<nlmsghdr> aligned(std::span<const std::byte> message) {
  std::vector<nlmsghdr> copy((message.size() + sizeof(nlmsghdr) - 1) / sizeof(nlmsghdr));
  std::memcpy(copy.data(), message.data(), message.size());
  return copy;
}

std::string without_newline(const fmt::memory_buffer& buffer) {
  std::string line(buffer.data(), buffer.size());
  if (!line.empty() && line.back() == '\n') line.pop_back();
  return line;
}

/// Puts `replacement` in the place of all that stands from a `begin` up to and with the `end`
/// behind it. The search goes on behind what was put in.
void replace_all(std::string_view begin, std::string_view end, std::string_view replacement,
                 std::string& text) {
  for (size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) {
    const size_t stop = text.find(end, at + begin.size());
    if (stop == std::string::npos) return;
    text.replace(at, stop + end.size() - at, replacement);
    at += replacement.size();
  }
}

}  // namespace

Oracle::Oracle(const std::string& label_file) {
  if (label_file.empty()) return;
  labels_ = {nfct_labelmap_new(label_file.c_str()), nfct_labelmap_destroy};
  if (!labels_) throw std::runtime_error("no labels in " + label_file);
}

std::optional<std::string> Oracle::flow(std::span<const std::byte> message, EventKind event,
                                        const cli::PrintOptions& options) const {
  const std::unique_ptr<nf_conntrack, void (*)(nf_conntrack*)> flow(nfct_new(), nfct_destroy);
  if (nfct_nlmsg_parse(aligned(message).data(), flow.get()) != 0) return {};
  char line[kLineBytes];
  const int length =
      nfct_snprintf_labels(line, sizeof line, flow.get(), message_type(event), output_type(options),
                           output_flags(event, options, true), labels_.get());
  if (length < 0) return {};
  return std::string(line);
}

std::optional<std::string> Oracle::expectation(std::span<const std::byte> message, EventKind event,
                                               const cli::PrintOptions& options) const {
  const std::unique_ptr<nf_expect, void (*)(nf_expect*)> expectation(nfexp_new(), nfexp_destroy);
  if (nfexp_nlmsg_parse(aligned(message).data(), expectation.get()) != 0) return {};
  char line[kLineBytes];
  const int length = nfexp_snprintf(line, sizeof line, expectation.get(), message_type(event),
                                    output_type(options), output_flags(event, options, false));
  if (length < 0) return {};
  return std::string(line);
}

std::string our_line(const Flow& flow, EventKind event, const cli::PrintOptions& options) {
  fmt::memory_buffer buffer;
  const cli::FlowRecord record{
      .flow = flow, .event = event, .now = kNowNanoseconds, .event_time = kNowNanoseconds};
  print_flow(record, options, buffer);
  return without_newline(buffer);
}

std::string our_line(const Expectation& expectation, EventKind event,
                     const cli::PrintOptions& options) {
  fmt::memory_buffer buffer;
  print_expectation({.expectation = expectation, .event = event, .now = kNowNanoseconds}, options,
                    buffer);
  return without_newline(buffer);
}

std::string without_xml_fixes(std::string xml, const Flow& flow) {
  replace_all("<type>", "</id></layer4>", "</layer4>", xml);  // ICMP's fields
  replace_all("<hw-offload/>", "", "", xml);
  replace_all("<offload/>", "", "", xml);
  const bool sctp = flow.has(FlowField::kSctpState);
  if (!flow.has(FlowField::kTcpState) && (sctp || flow.has(FlowField::kDccpState))) {
    const auto name = cli::tcp_state_name(sctp ? flow.sctp_state : flow.dccp_state);
    replace_all("<state>", "</state>", "<state>" + std::string(name) + "</state>", xml);
  }
  return xml;
}

}  // namespace ctwin::test
