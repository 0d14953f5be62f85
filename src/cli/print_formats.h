// Inside of printing: one function for each format, and the Writer and the words they share.
// Include cli/print.h to print; this header is for the print_*.cc files.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <ctime>
#include <string_view>

#include "base/address.h"
#include "cli/print.h"

namespace ctwin::cli {

constexpr uint64_t kNanosecondsPerSecond = 1'000'000'000;

/// Appends to a buffer through a bare pointer, which costs a compare and a copy a field: a listing
/// prints millions of lines. The buffer is whole again when the Writer is destroyed; until then
/// nobody else may touch it.
class Writer {
 public:
  explicit Writer(fmt::memory_buffer& out) : out_(out), start_(out.size()) { adopt(); }
  ~Writer() { commit(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// A string literal; its length is known to the compiler.
  template <size_t kSize>
  void put(const char (&literal)[kSize]) {
    ensure(kSize - 1);
    std::memcpy(at_, literal, kSize - 1);
    at_ += kSize - 1;
  }

  void text(std::string_view text) {
    ensure(text.size());
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

  void character(char byte) {
    ensure(1);
    *at_++ = byte;
  }

  void number(uint64_t value) {
    ensure(kDigits);
    at_ = std::to_chars(at_, end_, value).ptr;
  }

  void hex(uint64_t value) {
    ensure(kDigits);
    at_ = std::to_chars(at_, end_, value, 16).ptr;
  }

  /// `value` with leading zeros to at least `width` digits.
  void padded(uint64_t value, unsigned width) {
    char digits[kDigits];
    const auto end = std::to_chars(digits, digits + kDigits, value).ptr;
    const size_t length = static_cast<size_t>(end - digits);
    for (size_t i = length; i < width; ++i) character('0');
    text({digits, length});
  }

  /// An address, written as all zeros of `family` when it is not known.
  void address(const Address& address, uint8_t family) {
    ensure(kAddressText);
    at_ = format_address(address.is_set() ? address : Address{{}, family}, at_);
  }

  /// A name, the number behind it, and a blank: "mark=7 ".
  template <size_t kSize>
  void field(const char (&name)[kSize], uint64_t value) {
    put(name);
    number(value);
    character(' ');
  }

  /// Takes back the blank that ends the last field, if this Writer has written one.
  void drop_blank() {
    if (at_ != out_.data() + start_ && at_[-1] == ' ') --at_;
  }

 private:
  static constexpr size_t kDigits = 20;  // of the largest 64-bit number

  void ensure(size_t room) {
    if (static_cast<size_t>(end_ - at_) < room) grow(room);
  }
  void grow(size_t room);
  void adopt() {
    at_ = out_.data() + out_.size();
    end_ = out_.data() + out_.capacity();
  }
  void commit() { out_.resize(static_cast<size_t>(at_ - out_.data())); }

  fmt::memory_buffer& out_;
  size_t start_;  // where this Writer began
  char* at_ = nullptr;
  char* end_ = nullptr;
};

/// The tuples of a flow; empty ones where the message had none.
const Tuple& orig_tuple(const Flow& flow);
const Tuple& reply_tuple(const Flow& flow);

/// "tcp", …, or "unknown".
std::string_view protocol_word(uint8_t proto);
/// "ipv4", "ipv6", or "unknown".
std::string_view family_word(uint8_t family);
/// "new", "update", "destroy", or empty.
std::string_view event_word(EventKind kind);
/// The state of the flow's protocol; empty when it has none. An unknown number is "NONE".
std::string_view state_word(const Flow& flow);

/// When the event happened, ns since the epoch: what the caller says, what the kernel says, or now.
uint64_t time_of(const FlowRecord& record);

/// Length of the UTF-8 sequence that a text which is not empty begins with; 0 when it is none.
size_t utf8_length(std::string_view text);

std::tm local_time(uint64_t nanoseconds);
/// XML's <when>, in local time.
void write_when(uint64_t nanoseconds, Writer& out);
/// "[NEW] " and its kin, in conntrack's ten columns; nothing outside of events.
void write_event_column(EventKind kind, Writer& out);
/// "[1795228242.696630]" and a TAB.
void write_time_column(uint64_t nanoseconds, Writer& out);
/// "sport=… dport=… ", "srckey=… dstkey=… " or "type=… code=… id=… "; nothing for a protocol
/// without.
void write_port_fields(const Tuple& tuple, Writer& out);

/// <flow>, with the kind of an event.
void write_xml_flow_tag(EventKind kind, bool resync, Writer& out);
/// <layer3 protonum="2" protoname="ipv4"> and its kin.
void write_xml_layer3_tag(uint8_t family, Writer& out);
void write_xml_layer4_tag(uint8_t proto, Writer& out);
/// Text inside an element: markup is escaped, and what XML cannot hold is written as U+FFFD.
void write_xml_text(std::string_view text, Writer& out);
/// <src>…</src><dst>…</dst>
void write_xml_addresses(const Tuple& tuple, Writer& out);
/// <sport>…</sport> and so on; nothing for a protocol without ports.
void write_xml_ports(const Tuple& tuple, Writer& out);

void print_flow_xml(const FlowRecord& record, const PrintOptions& options,
                    fmt::memory_buffer& buffer);
void print_flow_save(const FlowRecord& record, const PrintOptions& options,
                     fmt::memory_buffer& buffer);
void print_flow_json(const FlowRecord& record, const PrintOptions& options,
                     fmt::memory_buffer& buffer);
void print_expectation_json(const ExpectationRecord& record, fmt::memory_buffer& buffer);

}  // namespace ctwin::cli
