// Turning flows and expectations into text: one entry point, one file a format.
//
//   plain, extended, id, …   print.cc        conntrack's own lines, byte for byte
//   xml                      print_xml.cc    conntrack's elements
//   save                     print_save.cc   a command line that makes the entry again
//   json                     print_json.cc   one object a line
//
// Everything is appended to a buffer that the caller owns and flushes. Time is an argument: the
// printers read no clock.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ctwin/expectation.h"
#include "ctwin/flow.h"

namespace ctwin::cli {

class LabelMap;

enum class Format : uint8_t { kPlain, kXml, kSave, kJson };

struct PrintOptions {
  Format format = Format::kPlain;
  bool extended = false;             ///< layer 3 columns
  bool id = false;                   ///< id=
  bool timestamp = false;            ///< time of the event, or of the listing for expectations
  bool ktimestamp = false;           ///< [start=] [stop=]
  const LabelMap* labels = nullptr;  ///< names of label bits; without, only json tells labels
};

/// The verb of a save line.
enum class SaveVerb : uint8_t { kAdd, kUpdate, kDelete };

/// One flow to print and what is known of the occasion.
struct FlowRecord {
  const Flow& flow;
  EventKind event = EventKind::kNone;
  SaveVerb verb = SaveVerb::kAdd;
  uint64_t now = 0;                         ///< wall clock, ns since the epoch
  std::optional<uint64_t> event_time = {};  ///< when it happened, ns since the epoch
  uint32_t port_id = 0;                     ///< netlink port of the causing program, 0 for none
  std::string_view program = {};            ///< its name, empty when unknown
  bool resync = false;                      ///< not an event: found by listing the table again
};

struct ExpectationRecord {
  const Expectation& expectation;
  EventKind event = EventKind::kNone;
  uint64_t now = 0;  ///< wall clock, ns since the epoch
};

/// What stands before the first and after the last line of a whole document: the root element of
/// XML, nothing in every other format. conntrack writes neither around an empty listing.
void print_document_start(const PrintOptions& options, bool expectations, fmt::memory_buffer& out);
void print_document_end(const PrintOptions& options, bool expectations, fmt::memory_buffer& out);

/// The line that stands for `lost` lost events, `total` with all earlier ones.
void print_lost_json(uint64_t lost, uint64_t total, uint64_t now, fmt::memory_buffer& out);

/// Appends one line, newline included.
void print_flow(const FlowRecord& record, const PrintOptions& options, fmt::memory_buffer& out);
void print_expectation(const ExpectationRecord& record, const PrintOptions& options,
                       fmt::memory_buffer& out);

/// What a message calls an entry: its protocol, original tuple and zones, in the words of a line.
std::string entry_name(const Flow& flow);

}  // namespace ctwin::cli
