// -R sends many lines at a time, and still every line counts as if it were carried out alone.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdio>

#include "space.h"

using namespace ctwin;
using namespace ctwin::test;

namespace {

// A batch is 128 lines.
constexpr unsigned kLengths[] = {0, 1, 127, 128, 129, 300};

/// Numbers of flows that existed before the file.
constexpr unsigned kOld = 70'000;

/// A line, or a whole file, that makes new flows of `count` numbers from `first` on.
std::string lines(std::string_view command, unsigned first, unsigned count,
                  std::string_view more = {}) {
  std::string text;
  for (unsigned i = first; i < first + count; ++i) text += udp_line(command, i, more);
  return text;
}

struct BadLine {
  const char* what;
  std::string line;
  const char* message;
};

/// Lines that the kernel refuses, about an entry that exists.
std::vector<BadLine> bad_lines() {
  return {
      {"an entry created twice", udp_line("-I", kOld), "Such conntrack exists, try -U to update"},
      {"a status taken back", udp_line("-A", kOld, "-u UNSET"), "Device or resource busy"},
      {"another translation", udp_line("-A", kOld, "-n 192.0.2.77"), "Operation not supported"}};
}

/// The mark of each entry, by the number of its flow.
std::vector<std::pair<unsigned, uint32_t>> marks(Space& space) {
  std::vector<std::pair<unsigned, uint32_t>> marks;
  for (const Entry& entry : space.entries()) {
    unsigned bytes[3];
    REQUIRE(std::sscanf(entry.orig.src.c_str(), "10.%u.%u.%u", &bytes[0], &bytes[1], &bytes[2]) ==
            3);
    marks.emplace_back(bytes[0] << 16 | bytes[1] << 8 | bytes[2], entry.mark);
  }
  std::sort(marks.begin(), marks.end());
  return marks;
}

std::string failure(const std::string& file, unsigned line, const std::string& text) {
  return prefix() + file + ":" + std::to_string(line) + ": Operation failed: " + text + "\n";
}

}  // namespace

TEST_CASE("a refused line leaves the lines before it done and those behind it undone") {
  Space space;
  for (const BadLine& bad : bad_lines()) {
    for (const unsigned before : kLengths) {
      for (const unsigned behind : kLengths) {
        CAPTURE(bad.what);
        CAPTURE(before);
        CAPTURE(behind);
        REQUIRE(space.table().clear().ok());
        space.load(udp_line("-I", kOld, "-u SEEN_REPLY"));
        const std::string file =
            write_file("load", lines("-I", 0, before) + bad.line + lines("-A", before, behind));
        const Ended ended = space.ctwin({"-R", file});
        CHECK(ended.exit_code == 1);
        CHECK(ended.output.empty());
        CHECK(ended.errors == failure(file, before + 1, bad.message));
        std::vector<std::pair<unsigned, uint32_t>> expected;
        for (unsigned i = 0; i < before; ++i) expected.emplace_back(i, 0);
        expected.emplace_back(kOld, 0);
        CHECK(marks(space) == expected);
      }
    }
  }
}

TEST_CASE("entries behind a refused line are not updated either") {
  Space space;
  for (const BadLine& bad : bad_lines()) {
    for (const unsigned before : {1U, 127U, 128U, 129U}) {
      constexpr unsigned kBehind = 140;
      CAPTURE(bad.what);
      CAPTURE(before);
      REQUIRE(space.table().clear().ok());
      space.load(udp_line("-I", kOld, "-u SEEN_REPLY") + lines("-I", 0, before + kBehind));
      const std::string file = write_file(
          "load", lines("-A", 0, before, "-m 5") + bad.line + lines("-A", before, kBehind, "-m 5"));
      const Ended ended = space.ctwin({"-R", file});
      CHECK(ended.errors == failure(file, before + 1, bad.message));
      std::vector<std::pair<unsigned, uint32_t>> expected;
      for (unsigned i = 0; i < before + kBehind; ++i) expected.emplace_back(i, i < before ? 5 : 0);
      expected.emplace_back(kOld, 0);
      CHECK(marks(space) == expected);
    }
  }
}

TEST_CASE("a line is judged by what the lines before it made of the entry") {
  Space space;
  space.load(lines("-I", 0, 2));
  const std::string file =
      write_file("load", udp_line("-A", 0, "-u SEEN_REPLY") + udp_line("-A", 0, "-u UNSET") +
                             udp_line("-A", 1, "-m 5"));
  const Ended ended = space.ctwin({"-R", file});
  CHECK(ended.errors == failure(file, 2, "Device or resource busy"));
  CHECK(marks(space) == std::vector<std::pair<unsigned, uint32_t>>{{0, 0}, {1, 0}});
}

TEST_CASE("an entry whose answers would be another entry's is refused, and ends the file") {
  Space space;
  space.load(lines("-I", 0, 2));
  const std::string twin =
      "-A -p udp -t 600 -s 10.9.9.9 -d 192.0.2.9 --sport 1 --dport 2 -r 192.0.2.1 -q 10.0.0.0 "
      "--reply-port-src 53 --reply-port-dst 4000\n";
  const std::string file = write_file("load", twin + udp_line("-A", 1, "-m 5"));
  const Ended ended = space.ctwin({"-R", file});
  CHECK(ended.errors == failure(file, 1, "File exists"));
  CHECK(marks(space) == std::vector<std::pair<unsigned, uint32_t>>{{0, 0}, {1, 0}});
}

TEST_CASE("other commands are carried out in their place between the lines") {
  Space space;
  space.load(lines("-I", 0, 3) + "-U -s 10.0.0.1 -m 6\n" + "-D -s 10.0.0.2\n" +
             udp_line("-I", 2, "-m 9") + udp_line("-A", 1, "-m 7"));
  CHECK(marks(space) == std::vector<std::pair<unsigned, uint32_t>>{{0, 0}, {1, 7}, {2, 9}});
  space.load(udp_line("-I", 5) + "-F\n" + udp_line("-I", 6));
  CHECK(marks(space) == std::vector<std::pair<unsigned, uint32_t>>{{6, 0}});
}

TEST_CASE("a mistake in any line leaves the table as it was") {
  Space space;
  for (const unsigned before : {0U, 1U, 128U, 300U}) {
    CAPTURE(before);
    const std::string file = write_file(
        "load", "-F\n" + lines("-I", 0, before) + "-I -p udp -t 1\n" + lines("-I", 900, 3));
    REQUIRE(space.table().clear().ok());
    space.load(udp_line("-I", kOld));
    const Ended ended = space.ctwin({"-R", file});
    CHECK(ended.exit_code == 2);
    CHECK(ended.errors.starts_with(prefix() + file + ":" + std::to_string(before + 2) +
                                   ": you have to specify `--src' and `--dst'\n"));
    CHECK(marks(space) == std::vector<std::pair<unsigned, uint32_t>>{{kOld, 0}});
  }
}

TEST_CASE("a file may come through a pipe, a socket, or standard input as a file") {
  Space space;
  const std::string file = write_file("load", lines("-I", 0, 200));
  const auto loaded = [&] {
    const size_t count = space.entries().size();
    REQUIRE(space.table().clear().ok());
    return count;
  };
  CHECK(space.shell("cat " + file + " | \"$0\" -R -").exit_code == 0);
  CHECK(loaded() == 200);
  CHECK(space.shell("\"$0\" -R - <" + file).exit_code == 0);
  CHECK(loaded() == 200);
  CHECK(space.shell("\"$0\" -R <(cat " + file + ")").exit_code == 0);
  CHECK(loaded() == 200);
}

TEST_CASE("a file may come through a socket, which cannot be opened by a name") {
  Space space;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const UniqueFd listener = space.where().inside([&] {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(fd.get(), 1) == 0);
    REQUIRE(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return fd;
  });
  Child child = space.start_shell("exec \"$0\" -R - </dev/tcp/127.0.0.1/" +
                                  std::to_string(ntohs(address.sin_port)));
  {
    const UniqueFd connection(accept(listener.get(), nullptr, nullptr));
    const std::string text = lines("-I", 0, 200);
    CHECK(send(connection.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
  const Ended ended = child.finish(kLimitMs);
  CHECK(ended.errors.empty());
  CHECK(ended.exit_code == 0);
  const Ended listed = space.ctwin({"-L", "-d", "192.0.2.1"});
  CHECK(lines_of(listed.output).size() == 200);
}

TEST_CASE("quotes, blanks, comments and the line ends of other systems are read") {
  Space space;
  space.load("# a comment\r\n\r\n \t\r\n" +
             std::string("\t-I  -p\tudp -t 600 -s \"10.0.0.1\" -d "
                         "192.0.2.1 --sport 4000 --dport 53\r\n") +
             "-I \"-p\" \"udp\" -t 600 -s 10.0.0.2 -d 192.0.2.1 --sport 4000 --dport \"5\\3\"");
  CHECK(marks(space) == std::vector<std::pair<unsigned, uint32_t>>{{1, 0}, {2, 0}});
}

TEST_CASE("a signal ends the reading of a file before anything is changed") {
  Space space;
  SlowReader pipe;  // nothing comes out of it, and it does not end
  Child child = space.start_shell("exec \"$0\" -R - <" + pipe.path());
  REQUIRE(comes_true([&] { return sits_in(child.pid(), SYS_read); }));
  child.send_signal(SIGINT);
  const Ended ended = child.finish(kLimitMs);
  CHECK_FALSE(ended.late);
  CHECK(ended.exit_code == 1);
  CHECK(ended.errors == prefix() + "interrupted while reading -; nothing was changed\n");
  CHECK(space.entries().empty());
}

TEST_CASE("a signal ends a file at the line that is being carried out") {
  Space space;
  space.load(lines("-I", 0, 5000));
  const std::string file = write_file("load", "# first\n-D -d 192.0.2.1\n" + udp_line("-I", kOld));
  SlowReader reader;
  Child child = space.start_shell("exec \"$0\" -R " + file + " >" + reader.path());
  REQUIRE(comes_true([&] { return sits_in(child.pid(), SYS_write); }));
  child.send_signal(SIGINT);
  const size_t deleted = lines_of(reader.read_to_end(child)).size();
  const Ended ended = child.finish(kLimitMs);
  CHECK(ended.exit_code == 1);
  CHECK(ended.errors ==
        prefix() + file + ":2: interrupted here; the lines behind were not carried out\n");
  const auto left = marks(space);
  CHECK(left.size() == 5000 - deleted);
  CHECK(std::none_of(left.begin(), left.end(), [](auto flow) { return flow.first == kOld; }));
}
