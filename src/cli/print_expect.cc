// Expectations: conntrack's line and its XML. A save listing prints the plain line too, since no
// command line makes an expectation again.
#include "cli/print_formats.h"

namespace ctwin::cli {

namespace {

/// "mask-src=… mask-dst=… sport=… dport=… " and the like; the ports keep their bare names.
template <size_t kSource, size_t kDestination>
void write_tuple(const char (&source)[kSource], const char (&destination)[kDestination],
                 const Tuple& tuple, Writer& out) {
  if (const uint8_t family = tuple.family(); family != AF_UNSPEC) {
    out.put(source);
    out.address(tuple.src, family);
    out.put(destination);
    out.address(tuple.dst, family);
    out.character(' ');
  }
  write_port_fields(tuple, out);
}

void write_flags(uint32_t flags, Writer& out) {
  bool any = false;
  const auto flag = [&](uint32_t bit, std::string_view name) {
    if (!(flags & bit)) return;
    if (any) out.character(',');
    out.text(name);
    any = true;
  };
  flag(kExpectPermanent, "PERMANENT");
  flag(kExpectInactive, "INACTIVE");
  flag(kExpectUserspace, "USERSPACE");
  if (any) out.character(' ');
}

void print_plain(const ExpectationRecord& record, const PrintOptions& options,
                 fmt::memory_buffer& buffer) {
  const Expectation& expectation = record.expectation;
  Writer out(buffer);
  if (options.timestamp) write_time_column(record.now, out);
  write_event_column(record.event, out);
  if (expectation.has_timeout) {
    out.number(expectation.timeout);
    out.character(' ');
  }
  out.field("proto=", expectation.expected.proto);
  write_tuple("src=", " dst=", expectation.expected, out);
  write_tuple("mask-src=", " mask-dst=", expectation.mask, out);
  if (expectation.has_master) write_tuple("master-src=", " master-dst=", expectation.master, out);
  if (expectation.has_zone) out.field("zone=", expectation.zone);
  if (expectation.has_flags) write_flags(expectation.flags, out);
  if (expectation.has_class) out.field("class=", expectation.class_);
  if (!expectation.helper.empty()) {
    out.put("helper=");
    out.text(expectation.helper.view());
  }
  out.drop_blank();
  out.character('\n');
}

/// The three tuples of layer 3 or layer 4, each written by `write`.
void write_xml_layer(const Expectation& expectation, void (*write)(const Tuple&, Writer&),
                     Writer& out) {
  out.put("<expected>");
  write(expectation.expected, out);
  out.put("</expected><mask>");
  write(expectation.mask, out);
  out.put("</mask><master>");
  write(expectation.master, out);
  out.put("</master>");
}

void write_xml_number(std::string_view name, uint64_t value, Writer& out) {
  out.character('<');
  out.text(name);
  out.character('>');
  out.number(value);
  out.put("</");
  out.text(name);
  out.character('>');
}

void write_xml_meta(const ExpectationRecord& record, const PrintOptions& options, Writer& out) {
  const Expectation& expectation = record.expectation;
  out.put("<meta>");
  if (!expectation.helper.empty()) {
    out.put("<helper-name>");
    write_xml_text(expectation.helper.view(), out);
    out.put("</helper-name>");
  }
  if (expectation.has_timeout) write_xml_number("timeout", expectation.timeout, out);
  if (expectation.has_class) write_xml_number("class", expectation.class_, out);
  if (expectation.has_zone) write_xml_number("zone", expectation.zone, out);
  if (options.timestamp) write_when(record.now, out);
  if (expectation.has_flags && expectation.flags & kExpectPermanent) out.put("<permanent/>");
  if (expectation.has_flags && expectation.flags & kExpectInactive) out.put("<inactive/>");
  if (expectation.has_flags && expectation.flags & kExpectUserspace) out.put("<userspace/>");
  out.put("</meta>");
}

void print_xml(const ExpectationRecord& record, const PrintOptions& options,
               fmt::memory_buffer& buffer) {
  const Expectation& expectation = record.expectation;
  const uint8_t family = expectation.expected.family();
  Writer out(buffer);
  write_xml_flow_tag(record.event, false, out);
  write_xml_layer3_tag(family, out);
  write_xml_layer(expectation, write_xml_addresses, out);
  out.put("</layer3>");
  write_xml_layer4_tag(expectation.expected.proto, out);
  write_xml_layer(expectation, write_xml_ports, out);
  out.put("</layer4>");
  write_xml_meta(record, options, out);
  out.put("</flow>\n");
}

}  // namespace

void print_expectation(const ExpectationRecord& record, const PrintOptions& options,
                       fmt::memory_buffer& out) {
  switch (options.format) {
    case Format::kXml: return print_xml(record, options, out);
    case Format::kJson: return print_expectation_json(record, out);
    case Format::kPlain:
    case Format::kSave: return print_plain(record, options, out);
  }
}

}  // namespace ctwin::cli
